import { copyShort } from '../broker/copy-short.ts'
import type { Serde } from '../serde/serde.ts'
import { parseWindowStoreKey, windowStoreKey } from '../serde/window-key.ts'
import { AppendedRows, GONE, TAIL_BYTES } from './appended-rows.ts'
import { hashOf } from './key-index.ts'
import { RecordedStore } from './recorded-store.ts'
import type {
  ChangelogRecord,
  RowTarget,
  StateBytes,
  StateStore,
  Stored,
  StoredWindow,
  WindowStore,
} from './store.ts'
import { NO_KEY } from './timed-entries.ts'

/**
 * What is known of the bytes of a value: nothing, that they are as it would be written or not, and that they are those of an object
 * to which a field can be added or not.
 */
const fit = { unknown: 0, yes: 1, no: 2, open: 4, closed: 8 } as const

export interface AppendedWindowStoreOptions {
  readonly retentionMs: number
  /** Each value bears a sequence number, which tells apart those of the same key and start. */
  readonly retainDuplicates: boolean
  /** How values are written to the changelog. */
  readonly serde: Serde
}

/**
 * A window store for nodes that only ever add: no value takes the place of another. Processors put and get values; generated code
 * works on their bytes.
 */
export class AppendedWindowStore extends RecordedStore implements WindowStore, StateStore {
  readonly name: string
  readonly #options: AppendedWindowStoreOptions
  readonly #rows = new AppendedRows()
  /** Rows before these are in the changelog, and of records that are done. */
  #written = 0
  #accepted = 0
  #gone = 0
  /** Some row was not the latest as it came: others may expire before it. */
  #isDisordered = false
  #sequence = 0
  #latest = -1
  #acceptedLatest = -1

  constructor(name: string, options: AppendedWindowStoreOptions) {
    super()
    this.name = name
    this.#options = options
  }

  get size(): number {
    const rows = this.#rows
    if (!this.#isDisordered) return rows.end - rows.first - this.#gone
    let size = 0
    for (let row = rows.first; row < rows.end; row++)
      size += Number(this.timeOf(row) >= this.#earliest && rows.markOf(row) !== GONE)
    return size
  }

  get footprint(): StateBytes {
    return { memory: this.#rows.memoryBytes, disk: 0 }
  }

  get latest(): number {
    return this.#latest
  }

  get(key: Buffer, start: number): Stored | undefined {
    const [found] = this.fetch(key, start, start)
    return found
  }

  put(key: Buffer, start: number, value: unknown, timestamp: number): void {
    if (value === undefined) throw new Error(`nothing is ever removed from store ${this.name}`)
    const bytes = this.#options.serde.serialize(value)
    this.#at(key)
    this.#add(start, timestamp, { bytes, from: 0, to: bytes.length })
  }

  fetch(key: Buffer, from: number, to: number): readonly StoredWindow[] {
    this.#at(key)
    const count = this.match(from, to)
    return Array.from(this.matches.subarray(0, count), (row) => this.#stored(row))
  }

  fetchAll(from: number, to: number): readonly StoredWindow[] {
    const found: StoredWindow[] = []
    const first = Math.max(from, this.#earliest)
    for (let row = this.#rows.first; row < this.#rows.end; row++) {
      const time = this.timeOf(row)
      const isFound = time >= first && time <= to && this.#rows.markOf(row) !== GONE
      if (isFound) found.push(this.#stored(row))
    }
    return found.sort((a, b) => a.start - b.start || a.key.compare(b.key))
  }

  /** Says what key `match`, `has` and `add` are about, and its hash as `hashOf` has it. */
  at(hash: number, bytes: Uint8Array, start: number, length: number): void {
    this.#rows.at(hash, bytes, start, length)
  }

  /** Looks for the values of the key between two times, both included. Returns how many are in `matches`, in the order of time. */
  match(from: number, to: number): number {
    return this.#rows.find(Math.max(from, this.#earliest), to)
  }

  /** What `match` has found, by numbers that other methods take. */
  get matches(): Float64Array {
    return this.#rows.found
  }

  /** How many bytes they have. */
  get matchedBytes(): number {
    return this.#rows.foundBytes
  }

  /** Whether there is one at all. */
  has(from: number, to: number): boolean {
    return this.#rows.has(Math.max(from, this.#earliest), to)
  }

  /** Adds a value by its bytes, as `put` does; false where it is expired as it comes. */
  add(time: number, bytes: Buffer, from: number, to: number): boolean {
    const isLive = this.#add(time, time, { bytes, from, to })
    if (isLive) this.#rows.mark(this.#rows.end - 1, fit.yes)
    return isLive
  }

  timeOf(row: number): number {
    return this.#rows.timeOf(row)
  }

  /** False: its bytes are not what its value would be written as. */
  isFit(row: number): boolean {
    return (this.#fitOf(row) & fit.yes) !== 0
  }

  /** Whether its bytes are those of an object to which the field could be added as its last. */
  isOpenFor(row: number, field: string): boolean {
    return (this.#fitOf(row, field) & fit.open) !== 0
  }

  /** Of the value that was added last: that it is so. */
  setOpen(): void {
    this.#rows.mark(this.#rows.end - 1, fit.yes | fit.open)
  }

  /** In bytes. */
  textLength(row: number): number {
    return this.#rows.valueLengthOf(row)
  }

  copyText(row: number, target: Uint8Array, at: number): void {
    this.#rows.copyValue(row, target, at)
  }

  accept(): void {
    this.#accepted = this.#rows.end
    if (this.#acceptedLatest === this.#latest) return
    this.#acceptedLatest = this.#latest
    this.#expire()
  }

  get mark(): number {
    return this.#rows.end - this.#accepted
  }

  rollback(mark = 0): void {
    while (this.#rows.end > this.#accepted + mark) this.#rows.takeBack()
    if (mark === 0) this.#latest = this.#acceptedLatest
  }

  *takeDirty(): Iterable<ChangelogRecord> {
    for (let row = this.#written; row < this.#rows.end; row++) yield this.#record(row)
    this.#allWritten()
  }

  takeDirtyInto(target: RowTarget): void {
    const rows = this.#rows
    for (let row = this.#written; row < rows.end; row++) {
      const start = rows.placeOf(row)
      const keyEnd = start + rows.keyLengthOf(row)
      const end = keyEnd + rows.valueLengthOf(row)
      target.appendAt(rows.timestampOf(row), rows.bufferOf(row), { start, keyEnd, end })
    }
    this.#allWritten()
  }

  restore({ key: bytes, value, timestamp }: ChangelogRecord): void {
    const { key, start, sequence } = parseWindowStoreKey(bytes)
    if (this.#options.retainDuplicates) this.#sequence = Math.max(this.#sequence, sequence)
    if (this.#advanceTo(start)) this.#replace(key, start, { key: bytes, value, timestamp })
    this.accept()
    this.#allWritten()
  }

  clear(): void {
    this.#rows.clear()
    this.#written = this.#accepted = this.#rows.end
    this.#gone = 0
    this.#isDisordered = false
    this.#sequence = 0
    this.#latest = -1
    this.#acceptedLatest = -1
  }

  protected *records(): Iterable<ChangelogRecord> {
    // No entry may bear the latest time any more.
    const time = this.#latest
    if (time >= 0)
      yield { key: windowStoreKey(NO_KEY, time, this.#sequence), value: null, timestamp: time }
    for (let row = this.#rows.first; row < this.#rows.end; row++) {
      row = Math.max(row, this.#rows.first)
      if (row < this.#rows.end && this.#rows.markOf(row) !== GONE) yield this.#record(row)
    }
  }

  get #earliest(): number {
    return this.#latest - this.#options.retentionMs + 1
  }

  #at(key: Buffer): void {
    this.at(hashOf(key, 0, key.length), key, 0, key.length)
  }

  #add(
    time: number,
    timestamp: number,
    value: { readonly bytes: Buffer; readonly from: number; readonly to: number },
  ): boolean {
    if (!this.#advanceTo(time)) return false
    if (this.#options.retainDuplicates) this.#sequence = (this.#sequence + 1) & 0x7fffffff
    const { from, to } = value
    const { bytes, at } = this.#rows.append(time, timestamp, to - from)
    bytes.writeUInt32BE(Math.floor(time / 2 ** 32), at)
    bytes.writeUInt32BE(time % 2 ** 32, at + 4)
    bytes.writeInt32BE(this.#sequence, at + 8)
    copyShort(value.bytes, { start: from, end: to }, bytes, at + TAIL_BYTES)
    return true
  }

  /** False when a value of that time is expired as it comes. */
  #advanceTo(time: number): boolean {
    if (time < this.#latest) this.#isDisordered = true
    else this.#latest = time
    return time >= this.#earliest
  }

  /** What has not been written and expires before the commit is still written: the changelog has it as long. */
  #expire(): void {
    const rows = this.#rows
    const earliest = this.#earliest
    while (rows.first < this.#accepted && rows.timeOf(rows.first) < earliest) {
      if (rows.markOf(rows.first) === GONE) this.#gone--
      rows.first++
    }
    rows.free(Math.min(rows.first, this.#written))
  }

  #allWritten(): void {
    this.#written = this.#rows.end
    this.#rows.free(Math.min(this.#rows.first, this.#written))
  }

  /** A changelog may have a record twice, and a snapshot one that comes again. */
  #replace(key: Buffer, start: number, { key: whole, value, timestamp }: ChangelogRecord): void {
    const rows = this.#rows
    this.#at(key)
    const count = rows.find(start, start)
    for (const row of rows.found.subarray(0, count)) {
      if (!rows.keyOf(row).equals(whole)) continue
      rows.mark(row, GONE)
      this.#gone++
    }
    if (value === null) return
    const { bytes, at } = rows.append(start, timestamp, value.length)
    whole.copy(bytes, at, key.length)
    value.copy(bytes, at + TAIL_BYTES)
  }

  #fitOf(row: number, field?: string): number {
    const known = this.#rows.markOf(row)
    const isKnown = field === undefined ? known !== fit.unknown : known >= fit.open
    if (isKnown) return known
    const bytes = this.#rows.valueOf(row)
    const { serde } = this.#options
    const value = serde.deserialize(bytes)
    const isFit = serde.serialize(value).equals(bytes)
    const openness = isFit && field !== undefined && isOpen(value, field) ? fit.open : fit.closed
    const found = (isFit ? fit.yes : fit.no) | (field === undefined ? fit.unknown : openness)
    this.#rows.mark(row, found)
    return found
  }

  #record(row: number): ChangelogRecord {
    const rows = this.#rows
    return { key: rows.keyOf(row), value: rows.valueOf(row), timestamp: rows.timestampOf(row) }
  }

  #stored(row: number): StoredWindow {
    const { serde } = this.#options
    const bytes = this.#rows.valueOf(row)
    const key = this.#rows.keyOf(row)
    return {
      key: key.subarray(0, key.length - TAIL_BYTES),
      start: this.timeOf(row),
      timestamp: this.#rows.timestampOf(row),
      // Some only count them.
      get value() {
        return serde.deserialize(bytes)
      },
    }
  }
}

const isOpen = (value: unknown, field: string): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.keys(value).length > 0 &&
  !Object.hasOwn(value, field)
