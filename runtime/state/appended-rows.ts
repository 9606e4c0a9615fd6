import { grown } from './columns.ts'
import { CHUNK_BYTES, ValueArena } from './value-arena.ts'

/** Start and sequence, behind the key in a changelog's key. */
export const TAIL_BYTES = 12
/** The mark of a row that is not found any more. */
export const GONE = 255
const NOBODY = -1
const ROOM = 256
/** Numbers of a row side by side, so that they come in one line of the processor's cache. */
const [HASH, BACK, TIME, HIGH, TIMESTAMP, PLACE, KEY_LENGTH, LENGTH] = [0, 1, 2, 3, 4, 5, 6, 7]
const WIDTH = 8
const NO_BYTES = new Uint8Array(0)

/**
 * Entries of keys and times in the order in which they came, each with its changelog record as bytes; the oldest leave first. Rows
 * have numbers that are never used again, and lie at the number's lowest bits. Those of keys that hash alike are a chain from the
 * latest to the oldest, which ends where a row is gone: so nothing is to be done about a chain when rows go.
 */
export class AppendedRows {
  readonly #bytes = new ValueArena(undefined, () => this.#rows.byteLength + this.#heads.byteLength)
  /** By lowest bits of the hash: the latest row of the chain. */
  #heads = new Float64Array(ROOM).fill(NOBODY)
  #rows = new Float64Array(ROOM * WIDTH)
  #marks = new Uint8Array(ROOM)
  #mask = ROOM - 1
  /** The first row whose bytes are there. */
  #kept = 0
  /** Rows before it are not found any more. */
  first = 0
  /** The number of the next row. */
  end = 0
  /** Where `find` puts the numbers of rows. */
  found = new Float64Array(16)
  /** How many bytes their values have. */
  foundBytes = 0
  #hash = 0
  #key: Uint8Array = NO_BYTES
  #keyStart = 0
  #keyLength = 0

  get memoryBytes(): number {
    return this.#bytes.memoryBytes
  }

  /** Says what key `find`, `has` and `append` are about, and its hash as `hashOf` has it. */
  at(hash: number, bytes: Uint8Array, start: number, length: number): void {
    this.#hash = hash
    this.#key = bytes
    this.#keyStart = start
    this.#keyLength = length
  }

  /** Looks for the rows of the key between two times, both included. Returns how many are in `found`, in the order of time. */
  find(from: number, to: number): number {
    let count = 0
    this.foundBytes = 0
    for (let row = this.#latestOf(this.#hash); row >= this.first;) {
      const at = (row & this.#mask) * WIDTH
      if ((this.#rows[at + HIGH] ?? 0) < from) break
      if (this.#isMeant(at, row, from, to)) count = this.#add(row, count)
      row -= this.#rows[at + BACK] ?? Infinity
    }
    if (count > 1) this.found.subarray(0, count).reverse()
    return count
  }

  /** Whether there is one at all. */
  has(from: number, to: number): boolean {
    for (let row = this.#latestOf(this.#hash); row >= this.first;) {
      const at = (row & this.#mask) * WIDTH
      if ((this.#rows[at + HIGH] ?? 0) < from) return false
      if (this.#isMeant(at, row, from, to)) return true
      row -= this.#rows[at + BACK] ?? Infinity
    }
    return false
  }

  /** A row of the key: what follows the key in the record's key, and the value, are for the caller to write at what is returned. */
  append(time: number, timestamp: number, length: number): { bytes: Buffer; at: number } {
    const keyLength = this.#keyLength
    const place = this.#bytes.reserve(keyLength + TAIL_BYTES + length)
    const bytes = this.#bytes.bufferOf(place)
    let at = place % CHUNK_BYTES
    for (let n = 0; n < keyLength; n++) bytes[at++] = this.#key[this.#keyStart + n] ?? 0
    if (this.end - this.#kept > this.#mask) this.#grow()
    const row = this.end++
    this.#marks[row & this.#mask] = 0
    const first = (row & this.#mask) * WIDTH
    const rows = this.#rows
    rows[first + HASH] = this.#hash
    rows[first + TIME] = time
    rows[first + TIMESTAMP] = timestamp
    rows[first + PLACE] = place
    rows[first + KEY_LENGTH] = keyLength
    rows[first + LENGTH] = length
    this.#link(row)
    return { bytes, at }
  }

  /** The last one is as if it had not come. */
  takeBack(): void {
    const row = --this.end
    const at = (row & this.#mask) * WIDTH
    const before = row - (this.#rows[at + BACK] ?? Infinity)
    this.#heads[(this.#rows[at + HASH] ?? 0) & this.#mask] = Math.max(NOBODY, before)
    this.#bytes.free(this.#rows[at + PLACE] ?? 0, this.#sizeAt(at))
  }

  /** The bytes of rows before that one are not asked for any more. */
  free(until: number): void {
    for (; this.#kept < until; this.#kept++) {
      const at = (this.#kept & this.#mask) * WIDTH
      this.#bytes.free(this.#rows[at + PLACE] ?? 0, this.#sizeAt(at))
    }
  }

  clear(): void {
    this.#bytes.clear()
    this.#heads.fill(NOBODY)
    this.#kept = this.first = this.end
  }

  timeOf(row: number): number {
    return this.#number(row, TIME)
  }

  timestampOf(row: number): number {
    return this.#number(row, TIMESTAMP)
  }

  /** As the changelog has it. */
  keyLengthOf(row: number): number {
    return this.#number(row, KEY_LENGTH) + TAIL_BYTES
  }

  valueLengthOf(row: number): number {
    return this.#number(row, LENGTH)
  }

  /** Where the record of the row lies: at `placeOf` in this buffer. */
  bufferOf(row: number): Buffer {
    return this.#bytes.bufferOf(this.#number(row, PLACE))
  }

  placeOf(row: number): number {
    return this.#number(row, PLACE) % CHUNK_BYTES
  }

  /** Views of key and value as the changelog has them. */
  keyOf(row: number): Buffer {
    const start = this.placeOf(row)
    return this.bufferOf(row).subarray(start, start + this.keyLengthOf(row))
  }

  valueOf(row: number): Buffer {
    const start = this.placeOf(row) + this.keyLengthOf(row)
    return this.bufferOf(row).subarray(start, start + this.valueLengthOf(row))
  }

  copyValue(row: number, target: Uint8Array, at: number): void {
    const start = this.placeOf(row) + this.keyLengthOf(row)
    this.bufferOf(row).copy(target, at, start, start + this.valueLengthOf(row))
  }

  /** What the owner notes of a row; 0 to begin with. */
  markOf(row: number): number {
    return this.#marks[row & this.#mask] ?? 0
  }

  mark(row: number, what: number): void {
    this.#marks[row & this.#mask] = what
  }

  #number(row: number, which: number): number {
    return this.#rows[(row & this.#mask) * WIDTH + which] ?? 0
  }

  #latestOf(hash: number): number {
    return this.#heads[hash & this.#mask] ?? NOBODY
  }

  #sizeAt(at: number): number {
    return (this.#rows[at + KEY_LENGTH] ?? 0) + TAIL_BYTES + (this.#rows[at + LENGTH] ?? 0)
  }

  #isMeant(at: number, row: number, from: number, to: number): boolean {
    const rows = this.#rows
    if (rows[at + HASH] !== this.#hash || rows[at + KEY_LENGTH] !== this.#keyLength) return false
    const time = rows[at + TIME] ?? 0
    if (time < from || time > to || this.markOf(row) === GONE) return false
    return this.#bytes.isAt(rows[at + PLACE] ?? 0, this.#key, this.#keyStart, this.#keyLength)
  }

  /** In the order from the latest to the earliest; rows come mostly so. */
  #add(row: number, count: number): number {
    if (count === this.found.length) this.found = grown(this.found, count + 1)
    const time = this.timeOf(row)
    let at = count
    for (; at > 0 && this.timeOf(this.found[at - 1] ?? 0) < time; at--)
      this.found[at] = this.found[at - 1] ?? 0
    this.found[at] = row
    this.foundBytes += this.valueLengthOf(row)
    return count + 1
  }

  /** A chain ends where nobody is, and where none that is as late as what is looked for comes any more. */
  #link(row: number): void {
    const rows = this.#rows
    const at = (row & this.#mask) * WIDTH
    const hash = rows[at + HASH] ?? 0
    const before = this.#latestOf(hash)
    const isThere = before >= this.first
    const time = rows[at + TIME] ?? 0
    rows[at + BACK] = isThere ? row - before : Infinity
    rows[at + HIGH] = isThere ? Math.max(time, this.#number(before, HIGH)) : time
    this.#heads[hash & this.#mask] = row
  }

  #grow(): void {
    const [rows, marks, mask] = [this.#rows, this.#marks, this.#mask]
    this.#mask = mask * 2 + 1
    this.#rows = new Float64Array(rows.length * 2)
    this.#marks = new Uint8Array(marks.length * 2)
    this.#heads = new Float64Array(marks.length * 2).fill(NOBODY)
    for (let row = this.#kept; row < this.end; row++) {
      const from = (row & mask) * WIDTH
      this.#rows.set(rows.subarray(from, from + WIDTH), (row & this.#mask) * WIDTH)
      this.#marks[row & this.#mask] = marks[row & mask] ?? 0
      if (row >= this.first) this.#link(row)
    }
  }
}
