import type { KeyValueStore } from './store.ts'

interface Entry {
  readonly key: Buffer
  value: unknown
  dirty: boolean
}

interface Undo {
  readonly entry: Entry
  readonly before: unknown
  readonly wasDirty: boolean
}

/**
 * Keys interned once, values in memory, written back in batches: `takeDirty` gives each key that changed since the last
 * time, once. What one record changed can be undone until `accept`.
 */
export class MemoryStore implements KeyValueStore {
  readonly name: string
  readonly #entries = new Map<string, Entry>()
  #dirty: Entry[] = []
  #undo: Undo[] = []

  constructor(name: string) {
    this.name = name
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: Buffer): unknown {
    return this.#entries.get(key.toString('latin1'))?.value
  }

  put(key: Buffer, value: unknown): void {
    const entry = this.#entry(key)
    this.#undo.push({ entry, before: entry.value, wasDirty: entry.dirty })
    entry.value = value
    this.#markDirty(entry)
  }

  /** The record is done: its changes stay. */
  accept(): void {
    this.#undo.length = 0
  }

  /** The record failed: the store is as before it. */
  rollback(): void {
    for (const { entry, before, wasDirty } of this.#undo.reverse()) {
      entry.value = before
      if (!wasDirty) entry.dirty = false
      if (before === undefined) this.#entries.delete(entry.key.toString('latin1'))
    }
    this.#undo = []
    this.#dirty = this.#dirty.filter((entry) => entry.dirty)
  }

  takeDirty(): readonly { readonly key: Buffer; readonly value: unknown }[] {
    const taken = this.#dirty
    this.#dirty = []
    for (const entry of taken) entry.dirty = false
    return taken
  }

  /** From the changelog: not dirty. undefined removes the key. */
  restore(key: Buffer, value: unknown): void {
    if (value === undefined) this.#entries.delete(key.toString('latin1'))
    else this.#entry(key).value = value
  }

  #entry(key: Buffer): Entry {
    const id = key.toString('latin1')
    const known = this.#entries.get(id)
    if (known !== undefined) return known
    // A copy: the key is a view of a fetched batch, which must not stay in memory for one key's sake.
    const entry = { key: Buffer.from(key), value: undefined, dirty: false }
    this.#entries.set(id, entry)
    return entry
  }

  #markDirty(entry: Entry): void {
    if (entry.dirty) return
    entry.dirty = true
    this.#dirty.push(entry)
  }
}
