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
  /** It is in no list of its key any more. */
  isGone?: boolean
}

/** All entries of one time, and some that are gone. */
interface Bucket<E> {
  entries: E[]
  gone: number
}

/** Fewer that are gone are not worth the work of closing them up. */
const MIN_GONE = 32

/**
 * Entries by time, and by key, so that both ways of asking find a few without looking through all. What is as old as the
 * retention, as Kafka Streams counts it from the latest time that came, is not there any more.
 */
export class TimedEntries<E extends TimedEntry> {
  readonly #retentionMs: number
  readonly #make: (place: Omit<TimedEntry, keyof Entry>) => E
  readonly #buckets = new TimeIndex<Bucket<E>>()
  /** Id of a key → its entries by time and order. */
  readonly #byKey = new Map<string, E[]>()
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
    return this.ofKey(key, time, time)
  }

  /** Those of a key between two times, both included, in the order of time. */
  ofKey(key: Buffer, from: number, to: number): readonly E[] {
    const entries = this.#byKey.get(key.toString('latin1'))
    if (entries === undefined) return []
    const found: E[] = []
    const first = Math.max(from, this.#earliest)
    for (let at = placeOf(entries, first, -Infinity); at < entries.length; at++) {
      const entry = entries[at]
      if (entry === undefined || entry.time > to) break
      if (entry.value !== undefined) found.push(entry)
    }
    return found
  }

  /** Those of all keys between two times, both included, in the order of time and key. */
  between(from: number, to: number): readonly E[] {
    const buckets = this.#buckets.between(Math.max(from, this.#earliest), to)
    return buckets.flatMap(({ entries }) => entries.filter(isPresent).sort(byKey))
  }

  /** The entry of that place, made if there is none. */
  entry(key: Buffer, time: number, order: number): E {
    const id = key.toString('latin1')
    const entries = this.#byKey.get(id) ?? []
    if (entries.length === 0) this.#byKey.set(id, entries)
    const at = placeOf(entries, time, order)
    const known = entries[at]
    if (known?.time === time && known.order === order) return known
    // A copy: the key is a view of a fetched batch, which must not stay in memory for one key's sake.
    const entry = this.#make({ id, key: entries[0]?.key ?? Buffer.from(key), time, order })
    if (at === entries.length) entries.push(entry)
    else entries.splice(at, 0, entry)
    const bucket = this.#buckets.get(time)
    if (bucket === undefined) this.#buckets.set(time, { entries: [entry], gone: 0 })
    else bucket.entries.push(entry)
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
      for (const entry of this.#buckets.get(time)?.entries ?? []) if (isPresent(entry)) yield entry
  }

  get #earliest(): number {
    return this.#latest - this.#retentionMs + 1
  }

  /** What changed and expires before the commit is still written: the changelog has it as long. */
  #expire(): void {
    if ((this.#buckets.first ?? Infinity) >= this.#earliest) return
    for (const { entries } of this.#buckets.takeBefore(this.#earliest))
      for (const entry of entries) this.#unlist(entry)
  }

  #drop(entry: E): void {
    const bucket = this.#buckets.get(entry.time)
    if (!this.#unlist(entry) || bucket === undefined) return
    bucket.gone++
    const { length } = bucket.entries
    if (bucket.gone === length) this.#buckets.delete(entry.time)
    else if (bucket.gone > Math.max(MIN_GONE, length / 2)) this.#closeUp(bucket)
  }

  /** False for one that is gone already. */
  #unlist(entry: E): boolean {
    const entries = this.#byKey.get(entry.id) ?? []
    const at = placeOf(entries, entry.time, entry.order)
    if (entries[at] !== entry) return false
    if (entries.length === 1) this.#byKey.delete(entry.id)
    else entries.splice(at, 1)
    entry.isGone = true
    this.#size--
    return true
  }

  /** In a list of its own: somebody may be going through the one there is. */
  #closeUp(bucket: Bucket<E>): void {
    bucket.entries = bucket.entries.filter(({ isGone }) => isGone !== true)
    bucket.gone = 0
  }
}

/** Where the first stands that is not before that place. */
function placeOf(entries: readonly TimedEntry[], time: number, order: number): number {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const entry = entries[middle]
    const isBefore =
      entry !== undefined && (entry.time < time || (entry.time === time && entry.order < order))
    if (isBefore) low = middle + 1
    else high = middle
  }
  return low
}

const byKey = (a: TimedEntry, b: TimedEntry): number => a.key.compare(b.key) || a.order - b.order

const isPresent = ({ value, isGone }: TimedEntry): boolean => value !== undefined && isGone !== true
