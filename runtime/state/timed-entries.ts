import { Changes, type Entry } from './changes.ts'
import { TimeIndex } from './time-index.ts'

/** For a record that tells of nothing but its time. */
export const NO_KEY = Buffer.alloc(0)

/** An entry of a key at a time, which several may have: `order` tells them apart. */
export interface TimedEntry extends Entry {
  readonly id: string
  readonly key: Buffer
  readonly time: number
  readonly order: number
}

/** All entries of one time: id of the key → its entries, in their order. */
type Bucket<E> = Map<string, E[]>

/**
 * Entries by time, and by key, so that both ways of asking find a few without looking through all. What is as old as the
 * retention, as Kafka Streams counts it from the latest time that came, is not there any more.
 */
export class TimedEntries<E extends TimedEntry> {
  readonly #retentionMs: number
  readonly #make: (place: Omit<TimedEntry, keyof Entry>) => E
  readonly #buckets = new TimeIndex<Bucket<E>>()
  readonly #byKey = new Map<string, TimeIndex<E[]>>()
  readonly #changes = new Changes<E>((entry) => this.#drop(entry))
  #latest = -1
  /** As of the last record that was accepted. */
  #acceptedLatest = -1
  #size = 0

  constructor(retentionMs: number, make: (place: Omit<TimedEntry, keyof Entry>) => E) {
    this.#retentionMs = retentionMs
    this.#make = make
  }

  get size(): number {
    return this.#size
  }

  get latest(): number {
    return this.#latest
  }

  /** False when a value of that time is expired as it comes. */
  advanceTo(time: number): boolean {
    this.#latest = Math.max(this.#latest, time)
    return time >= this.#earliest
  }

  set(entry: E, value: unknown, timestamp: number): void {
    this.#changes.set(entry, value, timestamp)
  }

  /** As if it had never been; what is still to be written of it is. */
  forget(entry: E): void {
    this.#drop(entry)
  }

  /** Those of a key at one time. */
  at(key: Buffer, time: number): readonly E[] {
    if (time < this.#earliest) return []
    return present(this.#buckets.get(time)?.get(key.toString('latin1')) ?? [])
  }

  /** Those of a key between two times, both included, in the order of time. */
  ofKey(key: Buffer, from: number, to: number): readonly E[] {
    const times = this.#byKey.get(key.toString('latin1'))
    return present(times?.between(Math.max(from, this.#earliest), to).flat() ?? [])
  }

  /** Those of all keys between two times, both included, in the order of time and key. */
  between(from: number, to: number): readonly E[] {
    const buckets = this.#buckets.between(Math.max(from, this.#earliest), to)
    return buckets.flatMap((bucket) => present([...bucket.values()].flat().sort(byKey)))
  }

  /** The entry of that place, made if there is none. */
  entry(key: Buffer, time: number, order: number): E {
    const id = key.toString('latin1')
    const entries = this.#placeOf(id, time)
    const known = entries.find((entry) => entry.order === order)
    if (known !== undefined) return known
    // A copy: the key is a view of a fetched batch, which must not stay in memory for one key's sake.
    const entry = this.#make({ id, key: Buffer.from(key), time, order })
    entries.push(entry)
    if ((entries.at(-2)?.order ?? order) > order) entries.sort((a, b) => a.order - b.order)
    this.#size++
    return entry
  }

  accept(): void {
    this.#changes.accept()
    this.#acceptedLatest = this.#latest
    this.#expire()
  }

  get mark(): number {
    return this.#changes.mark
  }

  rollback(mark = 0): void {
    this.#changes.rollback(mark)
    if (mark === 0) this.#latest = this.#acceptedLatest
  }

  takeDirty(): readonly E[] {
    return this.#changes.takeDirty()
  }

  /** As `entry` and `set`, without a change to be undone or written; undefined removes it. */
  restore(place: Pick<TimedEntry, 'key' | 'time' | 'order'>, value: unknown, timestamp: number) {
    const isLive = this.advanceTo(place.time)
    this.accept()
    if (!isLive) return
    const entry = this.entry(place.key, place.time, place.order)
    entry.value = value
    entry.timestamp = timestamp
    if (value === undefined) this.#drop(entry)
  }

  clear(): void {
    this.#buckets.clear()
    this.#byKey.clear()
    this.#changes.clear()
    this.#latest = -1
    this.#acceptedLatest = -1
    this.#size = 0
  }

  /** The latest time, where no entry bears it: it is known only by one that is gone. */
  get orphanedTime(): number | undefined {
    const isKnown = this.#latest < 0 || this.#buckets.get(this.#latest) !== undefined
    return isKnown ? undefined : this.#latest
  }

  /** All in the order of time, each as it is when it is come to; entries may come and go meanwhile. */
  *all(): Iterable<E> {
    for (let time = this.#buckets.first; time !== undefined; time = this.#buckets.after(time))
      for (const entries of this.#buckets.get(time)?.values() ?? []) yield* present(entries)
  }

  get #earliest(): number {
    return this.#latest - this.#retentionMs + 1
  }

  /** What changed and expires before the commit is still written: the changelog has it as long. */
  #expire(): void {
    if ((this.#buckets.first ?? Infinity) >= this.#earliest) return
    for (const bucket of this.#buckets.takeBefore(this.#earliest)) {
      for (const [id, entries] of bucket) {
        this.#size -= entries.length
        this.#forget(id, entries[0]?.time ?? 0)
      }
    }
  }

  #placeOf(id: string, time: number): E[] {
    const bucket = this.#buckets.get(time) ?? new Map<string, E[]>()
    const known = bucket.get(id)
    if (known !== undefined) return known
    if (bucket.size === 0) this.#buckets.set(time, bucket)
    const entries: E[] = []
    bucket.set(id, entries)
    const times = this.#byKey.get(id) ?? new TimeIndex<E[]>()
    this.#byKey.set(id, times)
    times.set(time, entries)
    return entries
  }

  #drop(entry: E): void {
    const bucket = this.#buckets.get(entry.time)
    const entries = bucket?.get(entry.id)
    const at = entries?.indexOf(entry) ?? -1
    if (bucket === undefined || entries === undefined || at < 0) return
    entries.splice(at, 1)
    this.#size--
    if (entries.length > 0) return
    bucket.delete(entry.id)
    if (bucket.size === 0) this.#buckets.delete(entry.time)
    this.#forget(entry.id, entry.time)
  }

  #forget(id: string, time: number): void {
    const times = this.#byKey.get(id)
    times?.delete(time)
    if (times?.first === undefined) this.#byKey.delete(id)
  }
}

const byKey = (a: TimedEntry, b: TimedEntry): number => a.key.compare(b.key) || a.order - b.order

const present = <E extends Entry>(entries: readonly E[]): readonly E[] =>
  entries.filter(({ value }) => value !== undefined)
