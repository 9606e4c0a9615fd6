import type { Serde } from '../serde/serde.ts'
import { RecordedStore } from './recorded-store.ts'
import type { ChangelogRecord, StateStore, Stored, VersionedStore } from './store.ts'
import { TimeIndex } from './time-index.ts'
import { NO_KEY, TimedEntries, type TimedEntry } from './timed-entries.ts'

export interface VersionedStoreOptions {
  readonly historyMs: number
  /** How values are written to the changelog. */
  readonly serde: Serde
}

/** Every version of a key's value in memory, null for a time in which it was gone, as long as somebody may ask for it. */
export class MemoryVersionedStore extends RecordedStore implements VersionedStore, StateStore {
  readonly name: string
  readonly #options: VersionedStoreOptions
  readonly #versions = new TimedEntries<TimedEntry>(Infinity, (place) => ({
    ...place,
    value: undefined,
    timestamp: place.time,
    dirty: false,
  }))
  /** Time of a version → keys that have one: as soon as nobody may look behind it, those before it go. */
  readonly #begun = new TimeIndex<Map<string, Buffer>>()

  constructor(name: string, options: VersionedStoreOptions) {
    super()
    this.name = name
    this.#options = options
  }

  get size(): number {
    return this.#versions.size
  }

  get(key: Buffer): Stored | undefined {
    return present(this.#versions.ofKey(key, -Infinity, Infinity).at(-1))
  }

  latestTime(key: Buffer): number {
    return this.#versions.ofKey(key, -Infinity, Infinity).at(-1)?.time ?? -1
  }

  getAsOf(key: Buffer, time: number): Stored | undefined {
    const isKnown = time >= this.#horizon || time >= this.latestTime(key)
    return isKnown ? present(this.#versions.ofKey(key, -Infinity, time).at(-1)) : undefined
  }

  entries(): Iterable<TimedEntry> {
    const latest = new Map<string, TimedEntry>()
    for (const version of this.#versions.between(-Infinity, Infinity))
      latest.set(version.id, version)
    return [...latest.values()].filter(({ value }) => value !== null).sort(byKey)
  }

  put(key: Buffer, value: unknown, timestamp: number): boolean {
    if (timestamp < this.#horizon) return false
    this.#versions.advanceTo(timestamp)
    const version = this.#versions.entry(key, timestamp, 0)
    this.#versions.set(version, value ?? null, timestamp)
    this.#note(version)
    return true
  }

  accept(): void {
    this.#versions.accept()
    for (const keys of this.#begun.takeBefore(this.#horizon + 1))
      for (const key of keys.values()) this.#forgetBefore(key)
  }

  get mark(): number {
    return this.#versions.mark
  }

  rollback(mark?: number): void {
    this.#versions.rollback(mark)
  }

  *takeDirty(): Iterable<ChangelogRecord> {
    for (const version of this.#versions.takeDirty()) yield this.#record(version)
  }

  restore({ key, value, timestamp }: ChangelogRecord): void {
    const decoded = value === null ? null : this.#options.serde.deserialize(value)
    this.#versions.restore({ key, time: timestamp, order: 0 }, decoded, timestamp)
    this.#note(this.#versions.entry(key, timestamp, 0))
    this.accept()
  }

  clear(): void {
    this.#versions.clear()
    this.#begun.clear()
  }

  /**
   * Versions of one moment: what is forgotten depends on the order in which they come, so that those of later must not be
   * there before what comes from the changelog.
   */
  protected records(): Iterable<ChangelogRecord> {
    return [...this.#records()]
  }

  *#records(): Iterable<ChangelogRecord> {
    const time = this.#versions.orphanedTime
    if (time !== undefined) yield { key: NO_KEY, value: null, timestamp: time }
    for (const version of this.#versions.all()) yield this.#record(version)
  }

  #record({ key, value, timestamp }: TimedEntry): ChangelogRecord {
    return {
      key,
      value: value === null ? null : this.#options.serde.serialize(value),
      timestamp,
    }
  }

  /** Nobody may ask what was before. */
  get #horizon(): number {
    return this.#versions.latest - this.#options.historyMs
  }

  #note({ id, key, time }: TimedEntry): void {
    const keys = this.#begun.get(time) ?? new Map<string, Buffer>()
    if (keys.size === 0) this.#begun.set(time, keys)
    keys.set(id, key)
  }

  /** What held at the horizon stays, unless it is that the key was gone. */
  #forgetBefore(key: Buffer): void {
    const past = this.#versions.ofKey(key, -Infinity, this.#horizon)
    const held = past.at(-1)
    for (const version of past) {
      if (version !== held || version.value === null) this.#versions.forget(version)
    }
  }
}

const byKey = (a: TimedEntry, b: TimedEntry): number => a.key.compare(b.key)

const present = (version: TimedEntry | undefined): Stored | undefined =>
  version === undefined || version.value === null ? undefined : version
