interface Keyed {
  readonly key: Buffer
}

/** Entries in the order of their key bytes. */
export class OrderedKeys<E extends Keyed> {
  readonly #entries: E[]

  constructor(entries: Iterable<E>) {
    this.#entries = [...entries].sort((a, b) => a.key.compare(b.key))
  }

  add(entry: E): void {
    this.#entries.splice(this.#search(entry.key), 0, entry)
  }

  delete({ key }: E): void {
    const at = this.#search(key)
    if (this.#entries[at]?.key.equals(key) === true) this.#entries.splice(at, 1)
  }

  all(): readonly E[] {
    return [...this.#entries]
  }

  /** Those whose key begins so, as they are now. */
  withPrefix(prefix: Buffer): readonly E[] {
    const begins = ({ key }: E) => key.subarray(0, prefix.length).equals(prefix)
    const from = this.#search(prefix)
    let to = from
    for (let next = this.#entries[to]; next !== undefined && begins(next);)
      next = this.#entries[++to]
    return this.#entries.slice(from, to)
  }

  /** Where the first stands that is not before the key. */
  #search(key: Buffer): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle]?.key.compare(key) ?? 0) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
