import type { Serde } from '../serde/serde.ts'
import type { JoinSide } from '../topology/store-spec.ts'
import { RecordedStore } from './recorded-store.ts'
import type {
  ChangelogRecord,
  JoinTimes,
  StateStore,
  UnmatchedPlace,
  UnmatchedStore,
} from './store.ts'
import { TimedEntries, type TimedEntry } from './timed-entries.ts'
import { parseSidedKey, parseUnmatchedKey, sidedKey, unmatchedKey } from './unmatched-key.ts'
import { decodeValues, encodeValues } from './value-list.ts'

const NO_TIMES: JoinTimes = { streamTime: -1, earliest: undefined }

/** Unmatched records in memory. They leave when they are matched or emitted, not by their age. */
export class MemoryUnmatchedStore extends RecordedStore implements UnmatchedStore, StateStore {
  readonly name: string
  readonly times: JoinTimes = { ...NO_TIMES }
  readonly #serdes: Readonly<Record<JoinSide, Serde>>
  /** Their key begins with the side: so the order of entries of one time is that of side and key. */
  readonly #entries = new TimedEntries<TimedEntry>(Infinity, (place) => ({
    ...place,
    value: undefined,
    timestamp: place.time,
    dirty: false,
  }))
  readonly #acceptedTimes: JoinTimes = { ...this.times }

  /** `sides`: how the values of each are written to the changelog. */
  constructor(name: string, sides: Readonly<Record<JoinSide, Serde>>) {
    super()
    this.name = name
    this.#serdes = sides
  }

  get size(): number {
    return this.#entries.size
  }

  add({ key, side, time }: UnmatchedPlace, value: unknown): void {
    const entry = this.#entries.entry(sidedKey(side, key), time, 0)
    this.#entries.set(entry, [...((entry.value ?? []) as readonly unknown[]), value], time)
  }

  remove({ key, side, time }: UnmatchedPlace): void {
    const [entry] = this.#entries.at(sidedKey(side, key), time)
    if (entry !== undefined) this.#entries.set(entry, undefined, time)
  }

  *entries(until = Infinity): ReturnType<UnmatchedStore['entries']> {
    for (const { key, time, value } of this.#entries.between(-Infinity, until))
      yield { ...parseSidedKey(key), time, values: value as readonly unknown[] }
  }

  accept(): void {
    this.#entries.accept()
    Object.assign(this.#acceptedTimes, this.times)
  }

  get mark(): number {
    return this.#entries.mark
  }

  rollback(mark = 0): void {
    this.#entries.rollback(mark)
    if (mark === 0) Object.assign(this.times, this.#acceptedTimes)
  }

  *takeDirty(): Iterable<ChangelogRecord> {
    for (const entry of this.#entries.takeDirty()) yield this.#record(entry)
  }

  restore({ key: bytes, value }: ChangelogRecord): void {
    const place = parseUnmatchedKey(bytes)
    const serde = this.#serdes[parseSidedKey(place.key).side]
    const values = value === null ? undefined : decodeValues(value, serde)
    this.#entries.restore({ ...place, order: 0 }, values, place.time)
  }

  forgetUnlogged(): void {
    Object.assign(this.times, NO_TIMES)
    Object.assign(this.#acceptedTimes, NO_TIMES)
  }

  clear(): void {
    this.#entries.clear()
    this.forgetUnlogged()
  }

  protected *records(): Iterable<ChangelogRecord> {
    for (const entry of this.#entries.all()) yield this.#record(entry)
  }

  #record({ key, time, value }: TimedEntry): ChangelogRecord {
    const values = value as readonly unknown[] | undefined
    const serde = this.#serdes[parseSidedKey(key).side]
    return {
      key: unmatchedKey(time, key),
      value: values === undefined ? null : encodeValues(values, serde),
      timestamp: time,
    }
  }
}
