import { grown } from './columns.ts'

const NOT_HELD = -1

/** Of a row that waits. */
interface Held {
  readonly row: number
  readonly offset: number
  readonly headers: Buffer | undefined
}

/**
 * The rows of a `ColumnStore` whose updates wait for the commit. Key, values and time are the row's own; of the record that
 * changed a row last there is its offset, by which they are ordered, and its headers, where it has any.
 */
export class HeldRows {
  #offsets = new Float64Array(256).fill(NOT_HELD)
  /** As they are encoded in a record, with their count. */
  readonly #headers = new Map<number, Buffer>()
  /** Those that were held, in no order; one that was taken back may be there once more. */
  #rows = new Int32Array(256)
  #count = 0
  #before: Held = { row: 0, offset: NOT_HELD, headers: undefined }

  /** How many wait, at most. */
  get count(): number {
    return this.#count
  }

  /** The record at the offset has changed the row; `setHeaders` tells of its headers, if it has any. */
  hold(row: number, offset: number): void {
    if (row >= this.#offsets.length) this.#grow(row + 1)
    const before = this.#offsets[row] ?? NOT_HELD
    const headers = this.#headers.size === 0 ? undefined : this.#headers.get(row)
    this.#before = { row, offset: before, headers }
    if (headers !== undefined) this.#headers.delete(row)
    if (before === NOT_HELD) this.#list(row)
    this.#offsets[row] = offset
  }

  setHeaders(row: number, encoded: Buffer): void {
    this.#headers.set(row, encoded)
  }

  /** Undoes the last `hold`. */
  takeBack(): void {
    const { row, offset, headers } = this.#before
    this.#offsets[row] = offset
    this.#headers.delete(row)
    if (headers !== undefined) this.#headers.set(row, headers)
  }

  /** In the order of their offsets. */
  rows(): Int32Array {
    const places = this.#places().sort()
    const rows = new Int32Array(places.length)
    let count = 0
    for (const place of places) {
      const row = this.#rows[place % this.#count] ?? 0
      if (count === 0 || rows[count - 1] !== row) rows[count++] = row
    }
    return rows.subarray(0, count)
  }

  offset(row: number): number {
    return this.#offsets[row] ?? NOT_HELD
  }

  headers(row: number): Buffer | undefined {
    return this.#headers.get(row)
  }

  /** They wait no longer. */
  clear(): void {
    for (const row of this.#rows.subarray(0, this.#count)) this.#offsets[row] = NOT_HELD
    this.#count = 0
    this.#headers.clear()
  }

  /** Each is an offset, and where in the list its row is: numbers sort faster than by a function that compares. */
  #places(): Float64Array {
    const listed = this.#rows.subarray(0, this.#count)
    let first = Infinity
    for (const row of listed) {
      const offset = this.offset(row)
      if (offset !== NOT_HELD && offset < first) first = offset
    }
    const places = new Float64Array(listed.length)
    let count = 0
    for (let n = 0; n < listed.length; n++) {
      const offset = this.offset(listed[n] ?? 0)
      if (offset !== NOT_HELD) places[count++] = (offset - first) * listed.length + n
    }
    return places.subarray(0, count)
  }

  #list(row: number): void {
    if (this.#count === this.#rows.length) this.#rows = grown(this.#rows, this.#count + 1)
    this.#rows[this.#count++] = row
  }

  #grow(rows: number): void {
    const { length } = this.#offsets
    this.#offsets = grown(this.#offsets, rows).fill(NOT_HELD, length)
  }
}
