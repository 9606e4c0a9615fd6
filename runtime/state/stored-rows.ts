import type { RecordBatch, RecordColumns } from '../broker/record-batch.ts'
import { byteRowsBlock, byteRowsIn } from './byte-rows.ts'
import { grown, picked } from './columns.ts'
import { hashOf, KeyIndex } from './key-index.ts'
import type { StateMemory } from './state-memory.ts'
import { ValueArena } from './value-arena.ts'

const NOWHERE = -1
/** The length of a key or value that is null. */
const NULL = -1
const ROOM = 256
/** What a row costs beside its key and value: in memory, and in a block about. */
const ROW_BYTES = { memory: 21, block: 20 }
/** Fewer rows of keys that are gone are not worth the work of closing them up. */
const MIN_GONE = 1024

/** Whether the bytes of a row are what its value would be written as. */
export const fit = { unknown: 0, yes: 1, no: 2 } as const
export type Fit = (typeof fit)[keyof typeof fit]

/**
 * Keys, and values in the bytes that the changelog has, as they were committed: a row a key, a column for each thing that goes with
 * it. A row whose value is gone stays until there are many of them.
 */
export class StoredRows {
  readonly #values: ValueArena
  readonly #cursors = new Set<{ row: number }>()
  #keys = new KeyIndex()
  #places = new Float64Array(ROOM)
  #lengths = new Int32Array(ROOM)
  #timestamps = new Float64Array(ROOM)
  #fits = new Uint8Array(ROOM)
  #size = 0

  /** `memory`: what it shares with other stores, if that is bounded. */
  constructor(memory: StateMemory | undefined) {
    const overhead = () => this.#keys.bytes + this.#places.length * ROW_BYTES.memory
    this.#values = new ValueArena(memory, overhead)
  }

  /** How many there are, with and without a value. */
  get count(): number {
    return this.#keys.count
  }

  /** How many have a value. */
  get size(): number {
    return this.#size
  }

  get memoryBytes(): number {
    return this.#values.memoryBytes
  }

  get diskBytes(): number {
    return this.#values.diskBytes
  }

  /** The row of a key; -1 if it is unknown. */
  find(bytes: Uint8Array, start: number, length: number): number {
    return this.#keys.find(bytes, start, length)
  }

  /** The row of a key, a new one if it is unknown. */
  rowOf(bytes: Buffer, start: number, end: number): number {
    return this.#rowHashed(hashOf(bytes, start, end - start), bytes, start, end - start)
  }

  /** A view, valid until the next key comes. */
  key(row: number): Buffer {
    return this.#keys.key(row)
  }

  has(row: number): boolean {
    return this.#places[row] !== NOWHERE
  }

  /** A view, or a copy from the disk; valid until the next change. */
  read(row: number): Buffer {
    return this.#values.read(this.#places[row] ?? 0, this.#lengths[row] ?? 0)
  }

  timestamp(row: number): number {
    return this.#timestamps[row] ?? 0
  }

  length(row: number): number {
    return this.#lengths[row] ?? 0
  }

  copy(row: number, target: Uint8Array, at: number): void {
    this.#values.copy(this.#places[row] ?? 0, this.#lengths[row] ?? 0, target, at)
  }

  fit(row: number): Fit {
    return (this.#fits[row] ?? fit.unknown) as Fit
  }

  setFit(row: number, is: Fit): void {
    this.#fits[row] = is
  }

  /** null: the key is gone. */
  store(row: number, bytes: Buffer | null, timestamp: number): void {
    if (bytes === null) this.#place(row, NOWHERE, 0)
    else this.#place(row, this.#values.append(bytes, 0, bytes.length), bytes.length)
    this.#timestamps[row] = timestamp
  }

  /** Those records that have a key, in their order. */
  storeBatch(batch: RecordBatch): void {
    const columns = batch.lendColumns()
    const { bytes, count, keyStart, keyLength } = columns
    const hashes = this.#keys.hashesOf(columns)
    for (let index = 0; index < count; index++) {
      const length = keyLength[index] ?? NULL
      if (length === NULL) continue
      const row = this.#rowHashed(hashes[index] ?? 0, bytes, keyStart[index] ?? 0, length)
      this.#storeFrom(columns, index, row)
      this.#timestamps[row] = batch.timestamp(columns, index)
    }
  }

  clear(): void {
    this.#keys = new KeyIndex()
    this.#values.clear()
    this.#size = 0
  }

  close(): void {
    this.#values.close()
  }

  *dump(blockBytes: number): Iterable<Buffer> {
    const cursor = { row: 0 }
    this.#cursors.add(cursor)
    try {
      for (;;) {
        const rows = this.#nextRows(cursor, blockBytes)
        if (rows.length === 0) return
        yield this.#blockOf(rows)
      }
    } finally {
      this.#cursors.delete(cursor)
    }
  }

  /** Makes room for so many rows in all, which `load` brings. */
  reserve(count: number): void {
    this.#keys.reserve(count)
    if (count > this.#places.length) this.#grow(count)
  }

  load(block: Buffer): void {
    const rows = byteRowsIn(block)
    const from = this.#keys.count
    const count = from + rows.timestamps.length
    this.reserve(count)
    const { keyHashes: hashes, keyLengths: lengths, keysAt: start } = rows
    const replaced = this.#keys.addAll({ bytes: block, start, lengths, hashes })
    this.#timestamps.set(rows.timestamps, from)
    this.#lengths.set(rows.valueLengths, from)
    this.#fits.fill(fit.unknown, from, count)
    const places = { lengths: rows.valueLengths, places: this.#places, from }
    this.#values.appendAll(block, rows.valuesAt, places)
    this.#size += rows.timestamps.length
    // A key that was removed and came again while all was dumped: what came later holds.
    for (const row of replaced) this.#place(row, NOWHERE, 0)
  }

  /**
   * Gets rid of rows without a value and of bytes that nobody has, where there are many. True when rows have other numbers than before.
   */
  tidy(): boolean {
    const gone = this.#keys.count - this.#size
    const isMoved = gone > Math.max(MIN_GONE, this.#size)
    if (isMoved) this.#closeUp()
    const wasteful = this.#values.wasteful()
    if (wasteful !== undefined) this.#empty(wasteful)
    return isMoved
  }

  #rowHashed(hash: number, bytes: Buffer, start: number, length: number): number {
    const before = this.#keys.count
    const row = this.#keys.internHashed(hash, bytes, start, length)
    if (row < before) return row
    if (row >= this.#places.length) this.#grow(row + 1)
    this.#places[row] = NOWHERE
    return row
  }

  #storeFrom({ bytes, valueStart, valueLength }: RecordColumns, index: number, row: number): void {
    const start = valueStart[index] ?? 0
    const length = valueLength[index] ?? NULL
    if (length === NULL) this.#place(row, NOWHERE, 0)
    else this.#place(row, this.#values.append(bytes, start, start + length), length)
  }

  /** As many of those that have a value as make a block. */
  #nextRows(cursor: { row: number }, blockBytes: number): Int32Array {
    const rows: number[] = []
    for (let bytes = 0; bytes < blockBytes && cursor.row < this.#keys.count; cursor.row++) {
      const { row } = cursor
      if (!this.has(row)) continue
      rows.push(row)
      bytes += ROW_BYTES.block + this.#keys.lengthOf(row) + (this.#lengths[row] ?? 0)
    }
    return new Int32Array(rows)
  }

  #blockOf(rows: Int32Array): Buffer {
    const keys = this.#keys.packed(rows)
    const timestamps = picked(this.#timestamps, rows)
    const lengths = picked(this.#lengths, rows)
    const places = picked(this.#places, rows)
    return byteRowsBlock({ timestamps, keys, valueLengths: lengths }, (block, at) =>
      this.#values.copyAll({ lengths, places }, block, at),
    )
  }

  /** What was there before is garbage. */
  #place(row: number, place: number, length: number): void {
    const before = this.#places[row] ?? NOWHERE
    if (before !== NOWHERE) this.#values.free(before, this.#lengths[row] ?? 0)
    this.#size += Number(place !== NOWHERE) - Number(before !== NOWHERE)
    this.#places[row] = place
    this.#lengths[row] = length
    this.#fits[row] = fit.unknown
  }

  /** Moves all that is in these chunks. */
  #empty(chunks: ReadonlySet<number>): void {
    for (let row = 0; row < this.#keys.count; row++) {
      const place = this.#places[row] ?? NOWHERE
      if (place === NOWHERE || !this.#values.isIn(chunks, place)) continue
      const bytes = this.read(row)
      this.#places[row] = this.#values.append(bytes, 0, bytes.length)
      this.#values.free(place, bytes.length)
    }
  }

  #grow(rows: number): void {
    this.#places = grown(this.#places, rows)
    this.#lengths = grown(this.#lengths, rows)
    this.#timestamps = grown(this.#timestamps, rows)
    this.#fits = grown(this.#fits, rows)
  }

  #move(row: number, to: number): void {
    this.#places[to] = this.#places[row] ?? NOWHERE
    this.#lengths[to] = this.#lengths[row] ?? 0
    this.#timestamps[to] = this.#timestamps[row] ?? 0
    this.#fits[to] = this.#fits[row] ?? fit.unknown
  }

  /** Rows keep their order, so that whoever goes through them goes on where it was. */
  #closeUp(): void {
    const cursors = [...this.#cursors].map((cursor) => ({ cursor, until: cursor.row }))
    const { count } = this.#keys
    this.#keys = this.#keys.only((row) => this.has(row))
    let to = 0
    for (let row = 0; row < count; row++) {
      for (const { cursor, until } of cursors) if (row === until) cursor.row = to
      if (!this.has(row)) continue
      this.#move(row, to)
      to++
    }
    for (const { cursor, until } of cursors) if (until >= count) cursor.row = to
  }
}
