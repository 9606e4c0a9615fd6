/** Items in the order of their key bytes. */
export class OrderedKeys<T> {
  readonly #keyOf: (item: T) => Buffer
  readonly #items: T[]

  constructor(items: Iterable<T>, keyOf: (item: T) => Buffer) {
    this.#keyOf = keyOf
    this.#items = [...items].sort((a, b) => keyOf(a).compare(keyOf(b)))
  }

  add(item: T): void {
    this.#items.splice(this.#search(this.#keyOf(item)), 0, item)
  }

  all(): readonly T[] {
    return [...this.#items]
  }

  /** Those whose key begins so, as they are now. */
  withPrefix(prefix: Buffer): readonly T[] {
    const begins = (item: T) => this.#keyOf(item).subarray(0, prefix.length).equals(prefix)
    const from = this.#search(prefix)
    let to = from
    for (let next = this.#items[to]; next !== undefined && begins(next);) next = this.#items[++to]
    return this.#items.slice(from, to)
  }

  /** Where the first stands that is not before the key. */
  #search(key: Buffer): number {
    let low = 0
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const item = this.#items[middle]
      if (item !== undefined && this.#keyOf(item).compare(key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
