/** One value of a store. undefined: it is gone, or was never there. */
export interface Entry {
  value: unknown
  timestamp: number
  dirty: boolean
}

interface Undo<E> {
  readonly entry: E
  readonly value: unknown
  readonly timestamp: number
  readonly wasDirty: boolean
}

/**
 * What changed in the entries of a store: since the last record, so that it can be undone, and since the last commit, so that
 * it can be written to the changelog. An entry without a value stays in the store's indexes until `drop` is called for it.
 */
export class Changes<E extends Entry> {
  readonly #drop: (entry: E) => void
  #dirty: E[] = []
  #undo: Undo<E>[] = []

  constructor(drop: (entry: E) => void) {
    this.#drop = drop
  }

  set(entry: E, value: unknown, timestamp: number): void {
    const { value: before, timestamp: beforeTime, dirty } = entry
    this.#undo.push({ entry, value: before, timestamp: beforeTime, wasDirty: dirty })
    entry.value = value
    entry.timestamp = timestamp
    if (dirty) return
    entry.dirty = true
    this.#dirty.push(entry)
  }

  accept(): void {
    if (this.#undo.length > 0) this.#undo.length = 0
  }

  get mark(): number {
    return this.#undo.length
  }

  rollback(mark = 0): void {
    const undone = this.#undo.splice(mark).reverse()
    for (const { entry, value, timestamp, wasDirty } of undone) {
      entry.value = value
      entry.timestamp = timestamp
      entry.dirty = wasDirty
      if (value === undefined && !wasDirty) this.#drop(entry)
    }
    if (undone.length > 0) this.#dirty = this.#dirty.filter(({ dirty }) => dirty)
  }

  clear(): void {
    this.#dirty = []
    this.#undo = []
  }

  takeDirty(): readonly E[] {
    const taken = this.#dirty
    this.#dirty = []
    for (const entry of taken) {
      entry.dirty = false
      if (entry.value === undefined) this.#drop(entry)
    }
    return taken
  }
}
