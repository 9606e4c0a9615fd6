const FREE = -1
/** Of a key. */
const EXPECTED_BYTES = 16

/**
 * Keys as dense numbers from 0, in the order in which they first came. Their bytes lie one after the other in one buffer, and
 * are found by open addressing: a key costs its bytes and some twenty more, and no object.
 */
export class KeyIndex {
  #bytes: Uint8Array<ArrayBuffer>
  /** Where each key starts; one more than there are keys, so that each ends where the next starts. */
  #starts: Uint32Array<ArrayBuffer>
  #hashes: Int32Array<ArrayBuffer>
  /** Slot → number of its key. At most half of the slots are taken. */
  #table: Int32Array<ArrayBuffer>
  #count = 0
  /** What `touch` has read: for it not to be left out. */
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
      const id = this.#table[slot] ?? FREE
      if (id === FREE) {
        this.#copy(bytes, start, length)
        return this.#add(slot, hash, length)
      }
      if (this.#hashes[id] === hash && this.#isSame(id, bytes, start, length)) return id
    }
  }

  /**
   * Reads where keys of these hashes are looked for first, all before any: so that the waits for memory, of which there is one a key
   * where there are many, go by together.
   */
  touch(hashes: Int32Array, count: number): void {
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
      const id = this.#table[slot] ?? FREE
      if (id === FREE) return FREE
      if (this.#hashes[id] === hash && this.#isSame(id, bytes, start, length)) return id
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
    if (at + length > this.#bytes.length) this.#bytes = grown(this.#bytes, at + length)
    const own = this.#bytes
    for (let n = 0; n < length; n++) own[at + n] = bytes[start + n] ?? 0
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
    this.#table[slot] = id
    if (this.#count * 2 > this.#table.length) this.#rehash()
    return id
  }

  #rehash(): void {
    const table = new Int32Array(this.#table.length * 2).fill(FREE)
    const mask = table.length - 1
    for (let id = 0; id < this.#count; id++) {
      let slot = (this.#hashes[id] ?? 0) & mask
      while (table[slot] !== FREE) slot = (slot + 1) & mask
      table[slot] = id
    }
    this.#table = table
  }
}

type Column =
  | Uint8Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>

/** A copy at least twice as long, so that growing costs little a key. */
export function grown<C extends Column>(column: C, length: number): C {
  const Type = column.constructor as new (length: number) => C
  const larger = new Type(Math.max(length, column.length * 2))
  larger.set(column)
  return larger
}

/** FNV-1a, and a last mix: table sizes look at its lowest bits only. */
export function hashOf(bytes: Uint8Array, start: number, length: number): number {
  let hash = -2128831035
  for (let n = start; n < start + length; n++) hash = Math.imul(hash ^ (bytes[n] ?? 0), 16777619)
  return hash ^ (hash >>> 15)
}
