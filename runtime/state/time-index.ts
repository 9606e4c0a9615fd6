/** A list in the order of numbers, which mostly come in that order: a later one is appended, an earlier one moves others. */
export class TimeIndex<T> {
  readonly #times: number[] = []
  readonly #items: T[] = []

  get first(): number | undefined {
    return this.#times[0]
  }

  /** The first time after that one. */
  after(time: number): number | undefined {
    return this.#times[this.#search(time + 1)]
  }

  clear(): void {
    this.#times.length = 0
    this.#items.length = 0
  }

  get(time: number): T | undefined {
    const at = this.#search(time)
    return this.#times[at] === time ? this.#items[at] : undefined
  }

  /** Replaces the item of the same time. */
  set(time: number, item: T): void {
    const at = this.#search(time)
    const isKnown = this.#times[at] === time
    if (!isKnown) this.#times.splice(at, 0, time)
    this.#items.splice(at, isKnown ? 1 : 0, item)
  }

  delete(time: number): void {
    const at = this.#search(time)
    if (this.#times[at] !== time) return
    this.#times.splice(at, 1)
    this.#items.splice(at, 1)
  }

  /** Both included; as they are now, whatever changes while they are gone through. */
  between(from: number, to: number): readonly T[] {
    return from > to ? [] : this.#items.slice(this.#search(from), this.#search(to + 1))
  }

  /** The times of `between`. */
  timesBetween(from: number, to: number): readonly number[] {
    return from > to ? [] : this.#times.slice(this.#search(from), this.#search(to + 1))
  }

  /** Takes all before `time` off the list. */
  takeBefore(time: number): readonly T[] {
    const end = this.#search(time)
    if (end === 0) return []
    this.#times.splice(0, end)
    return this.#items.splice(0, end)
  }

  /** Where the first that is not before `time` stands. */
  #search(time: number): number {
    const times = this.#times
    let low = 0
    let high = times.length
    if (high > 0 && (times[high - 1] ?? 0) < time) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((times[middle] ?? 0) < time) low = middle + 1
      else high = middle
    }
    return low
  }
}
