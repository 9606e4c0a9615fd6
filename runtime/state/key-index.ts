import type { RecordColumns } from '../broker/record-batch.ts'
import { grown, lengthened, picked } from './columns.ts'

const FREE = -1
/** Of a key. */
const EXPECTED_BYTES = 16
/** For keys that are longer than those before. */
const SLACK = 1.1

let batchHashes = new Int32Array(0)

/** Keys one after the other. */
export interface PackedKeys {
  readonly bytes: Uint8Array
  /** Of the first. */
  readonly start: number
  readonly lengths: Uint32Array
  readonly hashes: Int32Array
}

/**
 * Keys as dense numbers from 0, in the order in which they first came. Their bytes lie one after the other in one buffer, and
 * are found by open addressing: a key costs its bytes and some twenty more, and no object.
 */
export class KeyIndex {
  #bytes: Uint8Array<ArrayBuffer>
  /** Where each key starts; one more than there are keys, so that each ends where the next starts. */
  #starts: Uint32Array<ArrayBuffer>
  #hashes: Int32Array<ArrayBuffer>
  /**
   * Slot → number of its key, in the bits that make a slot; the bits above are those of its hash, so that other keys are told without a
   * look elsewhere. At most half of the slots are taken.
   */
  #table: Int32Array<ArrayBuffer>
  #count = 0
  /** What was touched: for it not to be left out. */
  touched = 0

  /** `room`: for how many keys there is room before it grows, a power of two. */
  constructor(room = 256) {
    this.#bytes = new Uint8Array(room * EXPECTED_BYTES)
    this.#starts = new Uint32Array(room + 1)
    this.#hashes = new Int32Array(room)
    this.#table = new Int32Array(room * 2).fill(FREE)
  }

  get count(): number {
    return this.#count
  }

  /** The number of a key, a new one if it is unknown. */
  intern(bytes: Uint8Array, start: number, length: number): number {
    return this.internHashed(hashOf(bytes, start, length), bytes, start, length)
  }

  /** The same for who knows the hash, as `hashOf` has it. */
  internHashed(hash: number, bytes: Uint8Array, start: number, length: number): number {
    const mask = this.#table.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#table[slot] ?? FREE
      if (entry === FREE) {
        this.#copy(bytes, start, length)
        return this.#add(slot, hash, length)
      }
      if (((entry ^ hash) & ~mask) !== 0) continue
      if (this.#isSame(entry & mask, bytes, start, length)) return entry & mask
    }
  }

  /** Makes room for so many in all, so that it need not grow on the way there. */
  reserve(count: number): void {
    if (count > this.#hashes.length) {
      this.#hashes = grown(this.#hashes, count)
      this.#starts = grown(this.#starts, this.#hashes.length + 1)
    }
    let slots = this.#table.length
    while (count * 2 > slots) slots *= 2
    if (slots > this.#table.length) this.#rehash(slots)
  }

  /**
   * Gives each of these the next number, all at once. Returns the numbers of keys that were there before: under those they are found
   * no more.
   */
  addAll({ bytes, start, lengths, hashes }: PackedKeys): readonly number[] {
    const first = this.#count
    const before = this.#starts[first] ?? 0
    this.reserve(first + lengths.length)
    let end = before
    for (let n = 0; n < lengths.length; n++) this.#starts[first + n + 1] = end += lengths[n] ?? 0
    if (end > this.#bytes.length) this.#growBytes(end, first + lengths.length)
    this.#bytes.set(bytes.subarray(start, start + end - before), before)
    this.#hashes.set(hashes, first)
    this.#touch(hashes, hashes.length)
    this.#count += lengths.length
    return this.#enterFrom(first)
  }

  /** These keys; a view of them where they lie one after the other, valid until the next key comes. */
  packed(ids: Int32Array): PackedKeys {
    const lengths = new Uint32Array(ids.length)
    let bytes = 0
    for (let n = 0; n < ids.length; n++) bytes += lengths[n] = this.lengthOf(ids[n] ?? 0)
    const hashes = picked(this.#hashes, ids)
    const first = ids[0] ?? 0
    if (ids[ids.length - 1] === first + ids.length - 1)
      return { bytes: this.#bytes, start: this.#starts[first] ?? 0, lengths, hashes }
    const copy = new Uint8Array(bytes)
    for (let n = 0, at = 0; n < ids.length; at += lengths[n++] ?? 0)
      this.copy(ids[n] ?? 0, copy, at)
    return { bytes: copy, start: 0, lengths, hashes }
  }

  /** Of the keys of a batch, whose places are touched by then. Valid until the next batch. */
  hashesOf({ bytes, count, keyStart, keyLength }: RecordColumns): Int32Array {
    if (count > batchHashes.length) batchHashes = new Int32Array(count)
    for (let n = 0; n < count; n++)
      batchHashes[n] = hashOf(bytes, keyStart[n] ?? 0, keyLength[n] ?? 0)
    this.#touch(batchHashes, count)
    return batchHashes
  }

  /**
   * Reads where keys of these hashes are looked for first, all before any: so that the waits for memory, of which there is one a key
   * where there are many, go by together.
   */
  #touch(hashes: Int32Array, count: number): void {
    const table = this.#table
    const mask = table.length - 1
    let sum = 0
    for (let n = 0; n < count; n++) sum ^= table[(hashes[n] ?? 0) & mask] ?? 0
    this.touched = sum
  }

  /** The number of a key; -1 if it is unknown. */
  find(bytes: Uint8Array, start = 0, length = bytes.length): number {
    const hash = hashOf(bytes, start, length)
    const mask = this.#table.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#table[slot] ?? FREE
      if (entry === FREE) return FREE
      if (((entry ^ hash) & ~mask) !== 0) continue
      if (this.#isSame(entry & mask, bytes, start, length)) return entry & mask
    }
  }

  lengthOf(id: number): number {
    return (this.#starts[id + 1] ?? 0) - (this.#starts[id] ?? 0)
  }

  /** Copies the bytes of a key: keys are short, and each view of them would cost more. */
  copy(id: number, target: Uint8Array, at: number): void {
    const start = this.#starts[id] ?? 0
    const length = this.lengthOf(id)
    const own = this.#bytes
    for (let n = 0; n < length; n++) target[at + n] = own[start + n] ?? 0
  }

  /** Of memory. */
  get bytes(): number {
    const numbers = this.#starts.length + this.#hashes.length + this.#table.length
    return this.#bytes.length + numbers * Int32Array.BYTES_PER_ELEMENT
  }

  /** Those keys alone, in the same order, with numbers from 0. */
  only(isKept: (id: number) => boolean): KeyIndex {
    const kept = new KeyIndex()
    for (let id = 0; id < this.#count; id++) {
      const start = this.#starts[id] ?? 0
      if (isKept(id)) kept.intern(this.#bytes, start, (this.#starts[id + 1] ?? 0) - start)
    }
    return kept
  }

  /** A view, valid until the next key comes. */
  key(id: number): Buffer {
    const start = this.#starts[id] ?? 0
    const end = this.#starts[id + 1] ?? 0
    return Buffer.from(this.#bytes.buffer, start, end - start)
  }

  #isSame(id: number, bytes: Uint8Array, start: number, length: number): boolean {
    const at = this.#starts[id] ?? 0
    if ((this.#starts[id + 1] ?? 0) - at !== length) return false
    const own = this.#bytes
    for (let n = 0; n < length; n++) if (own[at + n] !== bytes[start + n]) return false
    return true
  }

  /** Behind the last key. */
  #copy(bytes: Uint8Array, start: number, length: number): void {
    const at = this.#starts[this.#count] ?? 0
    if (at + length > this.#bytes.length) this.#growBytes(at + length, this.#count + 1)
    const own = this.#bytes
    for (let n = 0; n < length; n++) own[at + n] = bytes[start + n] ?? 0
  }

  /** To at least `end`, where so many keys are to end: for as many as there is room for, if the rest are as long as these. */
  #growBytes(end: number, count: number): void {
    const expected = Math.ceil((end / count) * this.#hashes.length * SLACK)
    this.#bytes = lengthened(this.#bytes, Math.max(end, expected))
  }

  /** The key whose bytes lie behind the last one. */
  #add(slot: number, hash: number, length: number): number {
    const id = this.#count++
    if (id >= this.#hashes.length) {
      this.#hashes = grown(this.#hashes, id + 1)
      this.#starts = grown(this.#starts, this.#hashes.length + 1)
    }
    this.#starts[id + 1] = (this.#starts[id] ?? 0) + length
    this.#hashes[id] = hash
    this.#table[slot] = (hash & -this.#table.length) | id
    if (this.#count * 2 > this.#table.length) this.#rehash(this.#table.length * 2)
    return id
  }

  /** Puts the keys from this one on into the table, and returns the numbers that some of them had before. */
  #enterFrom(first: number): readonly number[] {
    const replaced: number[] = []
    const table = this.#table
    const mask = table.length - 1
    for (let id = first; id < this.#count; id++) {
      const hash = this.#hashes[id] ?? 0
      let slot = hash & mask
      for (let entry; (entry = table[slot] ?? FREE) !== FREE; slot = (slot + 1) & mask) {
        if (((entry ^ hash) & ~mask) !== 0 || !this.#isKey(entry & mask, id)) continue
        replaced.push(entry & mask)
        break
      }
      table[slot] = (hash & ~mask) | id
    }
    return replaced
  }

  #isKey(id: number, other: number): boolean {
    return this.#isSame(id, this.#bytes, this.#starts[other] ?? 0, this.lengthOf(other))
  }

  /** In the order of the slots, which is nearly that of the new ones. */
  #rehash(slots: number): void {
    const table = new Int32Array(slots).fill(FREE)
    const mask = slots - 1
    const maskBefore = this.#table.length - 1
    for (const entry of this.#table) {
      if (entry === FREE) continue
      const id = entry & maskBefore
      const hash = this.#hashes[id] ?? 0
      let slot = hash & mask
      while (table[slot] !== FREE) slot = (slot + 1) & mask
      table[slot] = (hash & ~mask) | id
    }
    this.#table = table
  }
}

/** FNV-1a, and a last mix: table sizes look at its lowest bits only. Snapshots hold it: another hash is another format. */
export function hashOf(bytes: Uint8Array, start: number, length: number): number {
  let hash = -2128831035
  for (let n = start; n < start + length; n++) hash = Math.imul(hash ^ (bytes[n] ?? 0), 16777619)
  return hash ^ (hash >>> 15)
}
