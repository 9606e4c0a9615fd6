import { grown } from './columns.ts'
import { KeyIndex } from './key-index.ts'
import type { NumberFields } from './number-fields.ts'

/** No row. */
const NONE = -1

/** Of a row. One that is in no list has none but `listed`. */
export const flag = {
  linked: 1,
  present: 2,
  /** The changelog is to have what became of it. */
  dirty: 4,
  /** The changelog has a value of it. */
  logged: 8,
  /** It is in the list of what is dirty, or was. */
  listed: 16,
} as const

/** Fewer keys without sessions are not worth the work of leaving them out. */
const MIN_KEYS = 1024

/** Sessions as rows of columns; those of a key are a list, the one that ends last is first. Rows that are free come again. */
export class SessionRows {
  readonly #fields: NumberFields
  readonly #room: number
  #keys: KeyIndex
  /** By number, then by row. All columns are replaced when they grow. */
  readonly columns: Float64Array<ArrayBuffer>[]
  starts: Float64Array<ArrayBuffer>
  ends: Float64Array<ArrayBuffer>
  timestamps: Float64Array<ArrayBuffer>
  flags: Uint8Array<ArrayBuffer>
  /** The row that follows in the list of the key, or among those that are free. */
  #next: Int32Array<ArrayBuffer>
  #keyIds: Int32Array<ArrayBuffer>
  /** By key: the first row of its list. */
  #heads: Int32Array<ArrayBuffer>
  #free = NONE
  #made = 0
  #used = 0

  /** `room`: for how many keys and rows there is room before they grow, a power of two. */
  constructor(fields: NumberFields, room = 256) {
    this.#fields = fields
    this.#room = room
    this.#keys = new KeyIndex(room)
    this.columns = Array.from({ length: fields.count }, () => new Float64Array(room))
    this.starts = new Float64Array(room)
    this.ends = new Float64Array(room)
    this.timestamps = new Float64Array(room)
    this.flags = new Uint8Array(room)
    this.#next = new Int32Array(room)
    this.#keyIds = new Int32Array(room)
    this.#heads = new Int32Array(room).fill(NONE)
  }

  /** Rows that are or were used: each has a number below. */
  get made(): number {
    return this.#made
  }

  get bytes(): number {
    const numbers = [this.starts, this.ends, this.timestamps, ...this.columns]
    const columns = [...numbers, this.flags, this.#next, this.#keyIds, this.#heads]
    return columns.reduce((sum, { byteLength }) => sum + byteLength, this.#keys.bytes)
  }

  /** The number of a key. */
  key(bytes: Uint8Array, start: number, length: number): number {
    const key = this.#keys.intern(bytes, start, length)
    if (key >= this.#heads.length) {
      const { length: known } = this.#heads
      this.#heads = grown(this.#heads, key + 1).fill(NONE, known)
    }
    return key
  }

  /** The number of a key, negative if it is unknown. */
  find(bytes: Uint8Array): number {
    return this.#keys.find(bytes)
  }

  /** Whether it has one of those flags. */
  has(row: number, flags: number): boolean {
    return ((this.flags[row] ?? 0) & flags) !== 0
  }

  /** The first row of a key's list, negative if there is none or no such key. */
  first(key: number): number {
    return this.#heads[key] ?? NONE
  }

  /** The row after that one in its list, negative if there is none. */
  after(row: number): number {
    return this.#next[row] ?? NONE
  }

  keyLength(row: number): number {
    return this.#keys.lengthOf(this.#keyIds[row] ?? 0)
  }

  copyKey(row: number, target: Uint8Array, at: number): void {
    this.#keys.copy(this.#keyIds[row] ?? 0, target, at)
  }

  keyOf(row: number): Buffer {
    return Buffer.from(this.#keys.key(this.#keyIds[row] ?? 0))
  }

  /** True while the next row to be made would make the columns grow. */
  get isFull(): boolean {
    return this.#free === NONE && this.#made === this.flags.length
  }

  /** Makes room where few are free. */
  grow(): void {
    if (this.#used * 2 < this.flags.length) return
    const rows = this.flags.length + 1
    this.columns.forEach((column, index) => (this.columns[index] = grown(column, rows)))
    this.starts = grown(this.starts, rows)
    this.ends = grown(this.ends, rows)
    this.timestamps = grown(this.timestamps, rows)
    this.flags = grown(this.flags, rows)
    this.#next = grown(this.#next, rows)
    this.#keyIds = grown(this.#keyIds, rows)
  }

  /** The row of a session, a new one that is neither present nor dirty if there is none. There is to be room for it. */
  row(key: number, start: number, end: number): number {
    const { starts, ends } = this
    let before = NONE
    let at = this.first(key)
    for (; at >= 0; before = at, at = this.after(at)) {
      const [itsEnd = 0, itsStart = 0] = [ends[at], starts[at]]
      if (itsEnd === end && itsStart === start) return at
      if (itsEnd < end || (itsEnd === end && itsStart < start)) break
    }
    const row = this.#take()
    starts[row] = start
    ends[row] = end
    this.#keyIds[row] = key
    this.#next[row] = at
    if (before === NONE) this.#heads[key] = row
    else this.#next[before] = row
    return row
  }

  /** Takes a row off its list. */
  remove(row: number): void {
    const key = this.#keyIds[row] ?? 0
    const next = this.after(row)
    let before = this.first(key)
    if (before === row) this.#heads[key] = next
    else {
      while (this.after(before) !== row) before = this.after(before)
      this.#next[before] = next
    }
    this.#release(row)
  }

  /** Takes off all that ended before a time, but for what is dirty. */
  removeBefore(time: number): void {
    for (let key = 0; key < this.#keys.count; key++) this.#prune(key, time)
  }

  /** Leaves out the keys that have no sessions, if they are most. */
  forgetKeys(): void {
    if (this.#keys.count < Math.max(MIN_KEYS, this.#used * 4)) return
    const heads = this.#heads
    let count = 0
    const kept = this.#keys.only((key) => (heads[key] ?? NONE) >= 0)
    const keptHeads = new Int32Array(Math.max(kept.count, this.#room)).fill(NONE)
    for (let key = 0; key < this.#keys.count; key++) {
      const first = heads[key] ?? NONE
      if (first < 0) continue
      keptHeads[count] = first
      for (let row = first; row >= 0; row = this.after(row)) this.#keyIds[row] = count
      count++
    }
    this.#keys = kept
    this.#heads = keptHeads
  }

  clear(): void {
    this.#keys = new KeyIndex(this.#room)
    this.#heads.fill(NONE)
    this.flags.fill(0)
    this.#free = NONE
    this.#made = 0
    this.#used = 0
  }

  #prune(key: number, time: number): void {
    let before = NONE
    for (let row = this.first(key), next = NONE; row >= 0; row = next) {
      next = this.after(row)
      if ((this.ends[row] ?? 0) >= time || this.has(row, flag.dirty)) {
        before = row
        continue
      }
      if (before === NONE) this.#heads[key] = next
      else this.#next[before] = next
      this.#release(row)
    }
  }

  #take(): number {
    const isMade = this.#free === NONE
    const row = isMade ? this.#made++ : this.#free
    if (!isMade) this.#free = this.after(row)
    this.#used++
    this.flags[row] = ((this.flags[row] ?? 0) & flag.listed) | flag.linked
    this.#fields.clear(this.columns, row)
    return row
  }

  #release(row: number): void {
    this.flags[row] = (this.flags[row] ?? 0) & flag.listed
    this.#next[row] = this.#free
    this.#free = row
    this.#used--
  }
}
