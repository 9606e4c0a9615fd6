import { sessionKey } from '../serde/window-key.ts'
import { bufferedBytes, bufferedFrom } from './buffered-bytes.ts'
import { Changes, type Entry } from './changes.ts'
import { RecordedStore } from './recorded-store.ts'
import type { Buffered, BufferedPlace, BufferStore, ChangelogRecord, StateStore } from './store.ts'
import { TimeIndex } from './time-index.ts'

interface BufferEntry extends Entry {
  value: Buffered | undefined
  readonly id: string
  readonly key: Buffer
}

/** Updates that wait, in memory: by key and window, and by time. */
export class MemoryBufferStore extends RecordedStore implements BufferStore, StateStore {
  readonly name: string
  readonly #countsBytes: boolean
  readonly #entries = new Map<string, BufferEntry>()
  readonly #changes = new Changes<BufferEntry>(({ id }) => this.#entries.delete(id))
  /** Time → entries that wait since then. */
  readonly #times = new TimeIndex<Set<BufferEntry>>()
  /** What was put on the list or taken off it since the last record. */
  #touched: (readonly [time: number, entry: BufferEntry])[] = []
  #totals = { count: 0, bytes: 0 }

  constructor(name: string, countsBytes: boolean) {
    super()
    this.name = name
    this.#countsBytes = countsBytes
  }

  get size(): number {
    return this.#entries.size
  }

  get count(): number {
    return this.#totals.count
  }

  get bytes(): number {
    return this.#totals.bytes
  }

  get(place: BufferedPlace): Buffered | undefined {
    return this.#entries.get(idOf(place))?.value
  }

  put(buffered: Buffered): void {
    const entry = this.#entry(buffered)
    this.#leave(entry)
    this.#changes.set(entry, buffered, buffered.context.timestamp)
    this.#enter(entry, buffered)
  }

  remove(place: BufferedPlace): void {
    const entry = this.#entries.get(idOf(place))
    if (entry === undefined) return
    this.#leave(entry)
    this.#changes.set(entry, undefined, entry.timestamp)
  }

  upTo(time: number): readonly Buffered[] {
    return this.#times.between(-Infinity, time).flatMap(waiting)
  }

  get first(): Buffered | undefined {
    return waiting(this.#times.get(this.#times.first ?? NaN) ?? [])[0]
  }

  accept(): void {
    this.#changes.accept()
    this.#touched = []
  }

  get mark(): number {
    return this.#changes.mark
  }

  rollback(mark = 0): void {
    this.#changes.rollback(mark)
    for (const [time, entry] of this.#touched) {
      if (entry.value?.time === time) this.#list(time, entry)
      else this.#unlist(time, entry)
    }
    this.#totals = { count: 0, bytes: 0 }
    for (const { value } of this.#entries.values()) if (value !== undefined) this.#count(value, 1)
    if (mark === 0) this.#touched = []
  }

  *takeDirty(): Iterable<ChangelogRecord> {
    for (const entry of this.#changes.takeDirty()) yield recordOf(entry)
  }

  restore({ key, value, timestamp }: ChangelogRecord): void {
    const id = key.toString('latin1')
    const before = this.#entries.get(id)
    if (before !== undefined) this.#leave(before)
    if (value === null) this.#entries.delete(id)
    else {
      const buffered = bufferedFrom(key, value)
      const entry = Object.assign(this.#entry(buffered), { value: buffered, timestamp })
      this.#enter(entry, buffered)
    }
    this.accept()
  }

  clear(): void {
    this.#entries.clear()
    this.#changes.clear()
    this.#times.clear()
    this.#touched = []
    this.#totals = { count: 0, bytes: 0 }
  }

  protected *records(): Iterable<ChangelogRecord> {
    for (const entry of this.#entries.values()) yield recordOf(entry)
  }

  #entry(place: BufferedPlace): BufferEntry {
    const key = wholeKey(place)
    const id = key.toString('latin1')
    const known = this.#entries.get(id)
    if (known !== undefined) return known
    const entry = { id, key, value: undefined, timestamp: 0, dirty: false }
    this.#entries.set(id, entry)
    return entry
  }

  #enter(entry: BufferEntry, buffered: Buffered): void {
    this.#count(buffered, 1)
    this.#list(buffered.time, entry)
    this.#touched.push([buffered.time, entry])
  }

  #leave(entry: BufferEntry): void {
    const { value: buffered } = entry
    if (buffered === undefined) return
    this.#count(buffered, -1)
    this.#unlist(buffered.time, entry)
    this.#touched.push([buffered.time, entry])
  }

  #list(time: number, entry: BufferEntry): void {
    const listed = this.#times.get(time) ?? new Set()
    if (listed.size === 0) this.#times.set(time, listed)
    listed.add(entry)
  }

  #unlist(time: number, entry: BufferEntry): void {
    const listed = this.#times.get(time)
    listed?.delete(entry)
    if (listed?.size === 0) this.#times.delete(time)
  }

  #count(buffered: Buffered, sign: 1 | -1): void {
    const { count, bytes } = this.#totals
    const size = this.#countsBytes ? wholeKey(buffered).length + bufferedBytes(buffered).length : 0
    this.#totals = { count: count + sign, bytes: bytes + sign * size }
  }
}

/** Keys of windows and keys without do not meet in one store. */
const wholeKey = ({ key, window }: BufferedPlace): Buffer =>
  window === null ? Buffer.from(key) : sessionKey(key, window.start, window.end)

const recordOf = ({ key, value, timestamp }: BufferEntry): ChangelogRecord => ({
  key,
  value: value === undefined ? null : bufferedBytes(value),
  timestamp,
})

const idOf = (place: BufferedPlace): string => wholeKey(place).toString('latin1')

const waiting = (entries: Iterable<BufferEntry>): readonly Buffered[] =>
  [...entries]
    .sort((a, b) => a.key.compare(b.key))
    .flatMap(({ value }) => (value === undefined ? [] : [value]))
