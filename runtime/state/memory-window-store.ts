import type { Serde } from '../serde/serde.ts'
import { bytesOf } from './bytes-of.ts'
import { RecordedStore } from './recorded-store.ts'
import type { ChangelogRecord, StateStore, Stored, StoredWindow, WindowStore } from './store.ts'
import { NO_KEY, TimedEntries, type TimedEntry } from './timed-entries.ts'
import { parseWindowStoreKey, windowStoreKey } from '../serde/window-key.ts'

interface WindowEntry extends TimedEntry {
  readonly start: number
}

export interface WindowStoreOptions {
  readonly retentionMs: number
  readonly retainDuplicates: boolean
  /** How values are written to the changelog. */
  readonly serde: Serde
}

/** Values of windows in memory; where duplicates are kept, each bears a sequence number. */
export class MemoryWindowStore extends RecordedStore implements WindowStore, StateStore {
  readonly name: string
  readonly #options: WindowStoreOptions
  readonly #entries: TimedEntries<WindowEntry>
  #sequence = 0

  constructor(name: string, options: WindowStoreOptions) {
    super()
    this.name = name
    this.#options = options
    this.#entries = new TimedEntries<WindowEntry>(
      options.retentionMs,
      ({ id, key, time, order }) => ({
        id,
        key,
        time,
        order,
        start: time,
        value: undefined,
        timestamp: 0,
        dirty: false,
      }),
    )
  }

  get size(): number {
    return this.#entries.size
  }

  get latest(): number {
    return this.#entries.latest
  }

  get(key: Buffer, start: number): Stored | undefined {
    return this.#entries.at(key, start)[0]
  }

  put(key: Buffer, start: number, value: unknown, timestamp: number): void {
    const { retainDuplicates } = this.#options
    // Among duplicates there is none that could be meant; and the changelog would not tell that time has moved.
    if (retainDuplicates && value === undefined) return
    if (!this.#entries.advanceTo(start)) return
    if (retainDuplicates) this.#sequence = (this.#sequence + 1) & 0x7fffffff
    this.#entries.set(this.#entries.entry(key, start, this.#sequence), value, timestamp)
  }

  fetch(key: Buffer, from: number, to: number): Iterable<StoredWindow> {
    return this.#entries.ofKey(key, from, to)
  }

  fetchAll(from: number, to: number): Iterable<StoredWindow> {
    return this.#entries.between(from, to)
  }

  accept(): void {
    this.#entries.accept()
  }

  get mark(): number {
    return this.#entries.mark
  }

  rollback(mark?: number): void {
    this.#entries.rollback(mark)
  }

  *takeDirty(): Iterable<ChangelogRecord> {
    for (const entry of this.#entries.takeDirty()) yield this.#record(entry)
  }

  restore({ key: bytes, value, timestamp }: ChangelogRecord): void {
    const { key, start, sequence } = parseWindowStoreKey(bytes)
    if (this.#options.retainDuplicates) this.#sequence = Math.max(this.#sequence, sequence)
    const decoded = value === null ? undefined : this.#options.serde.deserialize(value)
    this.#entries.restore({ key, time: start, order: sequence }, decoded, timestamp)
  }

  clear(): void {
    this.#entries.clear()
  }

  protected *records(): Iterable<ChangelogRecord> {
    const time = this.#entries.orphanedTime
    if (time !== undefined)
      yield { key: windowStoreKey(NO_KEY, time, this.#sequence), value: null, timestamp: time }
    for (const entry of this.#entries.all()) yield this.#record(entry)
  }

  #record({ key, start, order, value, timestamp }: WindowEntry): ChangelogRecord {
    const bytes = bytesOf(value, this.#options.serde)
    return { key: windowStoreKey(key, start, order), value: bytes, timestamp }
  }
}
