import type { Serde } from '../serde/serde.ts'
import { bytesOf } from './bytes-of.ts'
import { RecordedStore } from './recorded-store.ts'
import type { ChangelogRecord, SessionStore, StateStore, StoredSession } from './store.ts'
import { NO_KEY, TimedEntries, type TimedEntry } from './timed-entries.ts'
import { parseSessionKey, sessionKey } from '../serde/window-key.ts'

interface SessionEntry extends TimedEntry {
  readonly start: number
  readonly end: number
}

export interface SessionStoreOptions {
  readonly retentionMs: number
  /** How values are written to the changelog. */
  readonly serde: Serde
}

/** Values of sessions in memory, by the time at which the session ends. */
export class MemorySessionStore extends RecordedStore implements SessionStore, StateStore {
  readonly name: string
  readonly #serde: Serde
  readonly #entries: TimedEntries<SessionEntry>

  constructor(name: string, { retentionMs, serde }: SessionStoreOptions) {
    super()
    this.name = name
    this.#serde = serde
    this.#entries = new TimedEntries<SessionEntry>(retentionMs, ({ id, key, time, order }) => ({
      id,
      key,
      time,
      order,
      start: order,
      end: time,
      value: undefined,
      timestamp: 0,
      dirty: false,
    }))
  }

  get size(): number {
    return this.#entries.size
  }

  find(key: Buffer, earliestEnd: number, latestStart: number): Iterable<StoredSession> {
    return this.#entries
      .ofKey(key, earliestEnd, Infinity)
      .filter(({ start }) => start <= latestStart)
  }

  fetchAll(earliestEnd: number, latestEnd: number): Iterable<StoredSession> {
    return this.#entries.between(earliestEnd, latestEnd)
  }

  put(
    { key, start, end }: Pick<StoredSession, 'key' | 'start' | 'end'>,
    value: unknown,
    timestamp: number,
  ): void {
    // One that expires as it comes is written to the changelog, as by Kafka Streams, and is not there otherwise.
    this.#entries.advanceTo(end)
    this.#entries.set(this.#entries.entry(key, end, start), value, timestamp)
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
    const { key, start, end } = parseSessionKey(bytes)
    const decoded = value === null ? undefined : this.#serde.deserialize(value)
    this.#entries.restore({ key, time: end, order: start }, decoded, timestamp)
  }

  clear(): void {
    this.#entries.clear()
  }

  protected *records(): Iterable<ChangelogRecord> {
    const time = this.#entries.orphanedTime
    if (time !== undefined)
      yield { key: sessionKey(NO_KEY, time, time), value: null, timestamp: time }
    for (const entry of this.#entries.all()) yield this.#record(entry)
  }

  #record({ key, start, end, value, timestamp }: SessionEntry): ChangelogRecord {
    return { key: sessionKey(key, start, end), value: bytesOf(value, this.#serde), timestamp }
  }
}
