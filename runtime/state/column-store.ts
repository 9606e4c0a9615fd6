import { type RecordBatch, valueAt } from '../broker/record-batch.ts'
import { jsonSerde } from '../serde/json.ts'
import { HeldRows } from './held-rows.ts'
import { rowsBlock, rowsIn } from './column-blocks.ts'
import { grown, picked } from './columns.ts'
import { KeyIndex } from './key-index.ts'
import type { NumberFields } from './number-fields.ts'
import { scratch } from './record-scratch.ts'
import type {
  ChangelogRecord,
  KeyValueStore,
  RowTarget,
  StateBytes,
  StateStore,
  Stored,
} from './store.ts'

const PRESENT = 1
const DIRTY = 2
const NO_TIME = -1
/** Rows that changed, from which on what lies in order is read faster than what does not by more than it costs to sort. */
const WORTH_SORTING = 4096
const NOTHING = new Uint8Array(0)

interface Undo {
  readonly row: number
  readonly numbers: readonly number[]
  readonly timestamp: number
  readonly flags: number
}

/**
 * A key-value store whose values are objects of numbers: a row a key, a column a number. Processors put and get objects;
 * generated code works on the columns themselves, and says with `touch` what it has changed.
 */
export class ColumnStore implements KeyValueStore, StateStore {
  readonly name: string
  readonly #fields: NumberFields
  readonly #room: number
  #keys: KeyIndex
  /** By number, then by row. They are replaced when they grow, which `reserve` and `put` do. */
  readonly columns: Float64Array<ArrayBuffer>[]
  timestamps: Float64Array<ArrayBuffer>
  flags: Uint8Array<ArrayBuffer>
  /** Those whose updates have not gone on yet. */
  readonly held = new HeldRows()
  #size = 0
  #dirty: Int32Array<ArrayBuffer>
  #dirtyCount = 0
  #undo: Undo[] = []

  /** `room`: for how many keys there is room before it grows, a power of two. `keys`: others may have rows for the same. */
  constructor(name: string, fields: NumberFields, room = 256, keys = new KeyIndex(room)) {
    this.name = name
    this.#fields = fields
    this.#room = room
    this.#keys = keys
    this.columns = fields.initials.map((initial) => new Float64Array(room).fill(initial))
    this.timestamps = new Float64Array(room).fill(NO_TIME)
    this.flags = new Uint8Array(room)
    this.#dirty = new Int32Array(room)
  }

  get size(): number {
    return this.#size
  }

  get footprint(): StateBytes {
    return { memory: this.columnBytes + this.#keys.bytes, disk: 0 }
  }

  /** Without its keys. */
  get columnBytes(): number {
    const columns = [this.timestamps, this.flags, this.#dirty, ...this.columns]
    return columns.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  get keys(): KeyIndex {
    return this.#keys
  }

  get(key: Buffer): Stored | undefined {
    const row = this.#keys.find(key)
    if (row < 0 || !this.#isPresent(row)) return undefined
    return { value: this.#fields.value(this.columns, row), timestamp: this.timestamps[row] ?? 0 }
  }

  put(key: Buffer, value: unknown, timestamp: number): void {
    this.reserve(1)
    const row = this.row(key, 0, key.length)
    const numbers = this.columns.map((column) => column[row] ?? 0)
    const flags = this.flags[row] ?? 0
    this.#undo.push({ row, numbers, flags, timestamp: this.timestamps[row] ?? 0 })
    this.touch(row)
    this.#set(row, value, timestamp)
  }

  entries(): Iterable<Stored & { readonly key: Buffer }> {
    return this.withPrefix(Buffer.alloc(0))
  }

  *withPrefix(prefix: Buffer): Iterable<Stored & { readonly key: Buffer }> {
    const rows = Array.from({ length: this.#keys.count }, (_, row) => row)
    const present = rows.filter(
      (row) =>
        this.#isPresent(row) && this.#keys.key(row).subarray(0, prefix.length).equals(prefix),
    )
    const keyed = present.map((row) => ({ row, key: Buffer.from(this.#keys.key(row)) }))
    for (const { row, key } of keyed.sort((a, b) => a.key.compare(b.key)))
      yield {
        key,
        value: this.#fields.value(this.columns, row),
        timestamp: this.timestamps[row] ?? 0,
      }
  }

  /** The row of a key. One that is new has the numbers that an aggregate starts with, and time -1. */
  row(bytes: Uint8Array, start: number, length: number): number {
    return this.#keys.intern(bytes, start, length)
  }

  /** The same, with room for it, by the hash of the key. */
  rowHashed(hash: number, bytes: Uint8Array, start: number, length: number): number {
    this.reserve(1)
    return this.#keys.internHashed(hash, bytes, start, length)
  }

  /** The same for a key whose row in another store is known: of two that share their keys it is the same. */
  rowLike(row: number, other: ColumnStore): number | undefined {
    if (other.#keys !== this.#keys) return undefined
    this.reserve(0)
    return row
  }

  /** A view, valid until the next key comes. */
  keyOf(row: number): Buffer {
    return this.#keys.key(row)
  }

  keyLength(row: number): number {
    return this.#keys.lengthOf(row)
  }

  copyKey(row: number, target: Uint8Array, at: number): void {
    this.#keys.copy(row, target, at)
  }

  /** Makes room for as many new keys: until then no column is replaced. */
  reserve(rows: number): void {
    const wanted = this.#keys.count + rows
    if (wanted > this.flags.length) this.#grow(wanted)
  }

  /** The row has a value, and the changelog is to have it. */
  touch(row: number): void {
    const flags = this.flags[row] ?? 0
    if ((flags & PRESENT) === 0) this.#size++
    this.flags[row] = PRESENT | DIRTY
    if ((flags & DIRTY) !== 0) return
    if (this.#dirtyCount === this.#dirty.length)
      this.#dirty = grown(this.#dirty, this.#dirtyCount + 1)
    this.#dirty[this.#dirtyCount++] = row
  }

  /** Takes `touch` back, for a row whose flags were these. */
  untouch(row: number, flags: number): void {
    if ((flags & PRESENT) === 0) this.#size--
    this.flags[row] = flags
  }

  accept(): void {
    if (this.#undo.length > 0) this.#undo.length = 0
  }

  get mark(): number {
    return this.#undo.length
  }

  rollback(mark = 0): void {
    for (const { row, numbers, timestamp, flags } of this.#undo.splice(mark).reverse()) {
      numbers.forEach((number, index) => this.#column(index).fill(number, row, row + 1))
      this.timestamps[row] = timestamp
      this.#present(row, (flags & PRESENT) !== 0)
      this.flags[row] = flags
    }
  }

  *takeDirty(): Iterable<ChangelogRecord> {
    for (const row of this.#takenRows()) {
      if (!this.#clean(row)) continue
      yield {
        key: this.#keys.key(row),
        value: this.#isPresent(row) ? Buffer.from(this.#fields.text(this.columns, row)) : null,
        timestamp: this.timestamps[row] ?? 0,
      }
    }
  }

  /** `keyTail` follows each key. */
  takeDirtyInto(target: RowTarget, keyTail: Uint8Array = NOTHING): void {
    for (const row of this.#takenRows()) {
      if (!this.#clean(row)) continue
      const length = this.#keys.lengthOf(row)
      const keyEnd = length + keyTail.length
      const bytes = scratch(keyEnd + this.#fields.maxBytes)
      this.#keys.copy(row, bytes, 0)
      for (let n = 0; n < keyTail.length; n++) bytes[length + n] = keyTail[n] ?? 0
      const end = this.#isPresent(row) ? this.#fields.write(this.columns, row, bytes, keyEnd) : -1
      target.append(this.timestamps[row] ?? 0, bytes, keyEnd, end)
    }
  }

  restore({ key, value, timestamp }: ChangelogRecord): void {
    this.reserve(1)
    this.#restoreRow(this.row(key, 0, key.length), value, timestamp)
  }

  restoreBatch(batch: RecordBatch): void {
    const columns = batch.lendColumns()
    const hashes = this.#keys.hashesOf(columns)
    this.reserve(columns.count)
    for (let index = 0; index < columns.count; index++) {
      const length = columns.keyLength[index] ?? -1
      if (length < 0) continue
      const start = columns.keyStart[index] ?? 0
      const row = this.#keys.internHashed(hashes[index] ?? 0, columns.bytes, start, length)
      this.#restoreRow(row, valueAt(columns, index), batch.timestamp(columns, index))
    }
  }

  clear(): void {
    this.#keys = new KeyIndex(this.#room)
    this.#reset(0)
    this.#size = 0
    this.#dirtyCount = 0
    this.#undo = []
  }

  *dump(blockBytes: number): Iterable<Buffer> {
    for (let row = 0; row < this.#keys.count;) {
      const rows: number[] = []
      for (let bytes = 0; bytes < blockBytes && row < this.#keys.count; row++) {
        if (!this.#isPresent(row)) continue
        rows.push(row)
        bytes += (this.columns.length + 2) * 8 + this.#keys.lengthOf(row)
      }
      if (rows.length > 0) yield this.#blockOf(new Int32Array(rows))
    }
  }

  load(block: Buffer): void {
    const { timestamps, columns, keyEnds, keys } = rowsIn(block, this.columns.length)
    this.reserve(keyEnds.length)
    let start = 0
    for (let index = 0; index < keyEnds.length; index++) {
      const end = keyEnds[index] ?? 0
      const row = this.row(keys, start, end - start)
      start = end
      this.timestamps[row] = timestamps[index] ?? 0
      for (let n = 0; n < columns.length; n++) this.#column(n)[row] = columns[n]?.[index] ?? 0
      this.#present(row, true)
    }
  }

  #restoreRow(row: number, value: Buffer | null, timestamp: number): void {
    if (value !== null && this.#fields.read(this.columns, row, value)) {
      this.timestamps[row] = timestamp
      return this.#present(row, true)
    }
    this.#set(row, value === null ? undefined : jsonSerde.deserialize(value), timestamp)
    // What comes next is the first of its row.
    if (value === null) this.timestamps[row] = NO_TIME
  }

  #takenRows(): Int32Array {
    const rows = this.#dirty.subarray(0, this.#dirtyCount)
    this.#dirtyCount = 0
    return rows.length < WORTH_SORTING ? rows : rows.sort()
  }

  /** False for a row that was taken back, or that is in the list twice for having been so. */
  #clean(row: number): boolean {
    const flags = this.flags[row] ?? 0
    this.flags[row] = flags & ~DIRTY
    return (flags & DIRTY) !== 0
  }

  #isPresent(row: number): boolean {
    return ((this.flags[row] ?? 0) & PRESENT) !== 0
  }

  #blockOf(rows: Int32Array): Buffer {
    const { bytes, start, lengths } = this.#keys.packed(rows)
    let end = 0
    const keyEnds = lengths.map((length) => (end += length))
    return rowsBlock({
      timestamps: picked(this.timestamps, rows),
      columns: this.columns.map((column) => picked(column, rows)),
      keyEnds,
      keys: bytes.subarray(start, start + end),
    })
  }

  #set(row: number, value: unknown, timestamp: number): void {
    this.timestamps[row] = timestamp
    this.#present(row, value !== undefined)
    if (value === undefined) this.#fields.clear(this.columns, row)
    else this.#fields.set(this.columns, row, value)
  }

  #present(row: number, isPresent: boolean): void {
    const flags = this.flags[row] ?? 0
    this.#size += Number(isPresent) - (flags & PRESENT)
    this.flags[row] = isPresent ? flags | PRESENT : flags & ~PRESENT
  }

  #grow(rows: number): void {
    const before = this.flags.length
    this.columns.forEach((column, index) => (this.columns[index] = grown(column, rows)))
    this.timestamps = grown(this.timestamps, rows)
    this.flags = grown(this.flags, rows)
    this.#reset(before)
  }

  /** Rows from there on are as if their keys had never come. */
  #reset(from: number): void {
    this.columns.forEach((column, index) => column.fill(this.#fields.initials[index] ?? 0, from))
    this.timestamps.fill(NO_TIME, from)
    this.flags.fill(0, from)
  }

  #column(index: number): Float64Array {
    return this.columns[index] as Float64Array
  }
}
