import { copyShort } from '../broker/copy-short.ts'
import { SpillFile } from './spill-file.ts'
import type { Spillable, StateMemory } from './state-memory.ts'

export const CHUNK_BYTES = 1024 * 1024
/** Chunks that are emptied in one go, so that it does not take long. */
const COLLECTED_AT_ONCE = 32
/** Of what is held, before chunks are emptied for the rest that is in them. */
const GARBAGE_SHARE = 0.25
/** A chunk that is used for more than so much of it is left alone. */
const WORTH_SHARE = 0.7
const NO_PLACE = 0
const EMPTY = Buffer.alloc(0)

interface PackedValues {
  readonly lengths: Uint32Array
  readonly places: Float64Array
  readonly from: number
}

export interface PlacedValues {
  readonly lengths: Int32Array
  readonly places: Float64Array
}

interface Chunk {
  /** undefined: on disk. */
  bytes: Buffer | undefined
  slot: number
  filled: number
  live: number
  usedAt: number
}

/**
 * Values one after the other in large chunks outside of the heap, where a value is a place and a length. What is replaced is garbage
 * until the chunk is emptied. With a memory that is shared, chunks that were not of use for longest may lie on disk.
 */
export class ValueArena implements Spillable {
  readonly #memory: StateMemory | undefined
  /** Bytes that the owner holds beside the values. */
  readonly #overhead: () => number
  readonly #chunks: (Chunk | undefined)[] = []
  readonly #freeNumbers: number[] = []
  #file: SpillFile | undefined
  #head = -1
  #chunkMemory = 0
  #filled = 0
  #live = 0

  constructor(memory: StateMemory | undefined, overhead: () => number) {
    this.#memory = memory
    this.#overhead = overhead
    memory?.join(this)
  }

  get memoryBytes(): number {
    return this.#chunkMemory + this.#overhead()
  }

  get diskBytes(): number {
    return this.#file?.bytes ?? 0
  }

  /** Returns the place of a copy. What is empty takes none: its chunk may be gone, and nobody looks there. */
  append(bytes: Buffer, start: number, end: number): number {
    if (start === end) return NO_PLACE
    const place = this.reserve(end - start)
    bytes.copy(this.bufferOf(place), place % CHUNK_BYTES, start, end)
    return place
  }

  /** The same for values one after the other. Their places come behind the first `from` ones. */
  appendAll(bytes: Buffer, start: number, { lengths, places, from }: PackedValues): void {
    for (let index = 0, at = start; index < lengths.length;) {
      const [end, length] = this.#run(lengths, index)
      let place = length === 0 ? NO_PLACE : this.reserve(length)
      if (length > 0) bytes.copy(this.bufferOf(place), place % CHUNK_BYTES, at, at + length)
      at += length
      for (; index < end; index++) {
        const own = lengths[index] ?? 0
        places[from + index] = own === 0 ? NO_PLACE : place
        place += own
      }
    }
  }

  /** A place for so many bytes, which the caller is to write into its buffer, at `place % CHUNK_BYTES`, before anything else. */
  reserve(length: number): number {
    let chunk = this.#chunks[this.#head]
    if (chunk?.bytes === undefined || chunk.filled + length > chunk.bytes.length)
      chunk = this.#addChunk(Math.max(length, CHUNK_BYTES))
    const at = chunk.filled
    chunk.filled += length
    chunk.live += length
    this.#filled += length
    this.#live += length
    return this.#head * CHUNK_BYTES + at
  }

  /** Of a place that was reserved just now. */
  bufferOf(place: number): Buffer {
    const { bytes } = this.#chunkOf(place)
    if (bytes === undefined) throw new Error(`the chunk at place ${place} of a store is on disk`)
    return bytes
  }

  /** Whether these bytes lie there, in a chunk in memory. */
  isAt(place: number, bytes: Uint8Array, start: number, length: number): boolean {
    const own = this.bufferOf(place)
    const at = place % CHUNK_BYTES
    for (let n = 0; n < length; n++) if (own[at + n] !== bytes[start + n]) return false
    return true
  }

  /** A view, or a copy from the disk; valid until the next change. */
  read(place: number, length: number): Buffer {
    if (length === 0) return EMPTY
    const at = place % CHUNK_BYTES
    const chunk = this.#chunkOf(place)
    if (this.#memory !== undefined) chunk.usedAt = this.#memory.tick()
    if (chunk.bytes !== undefined) return chunk.bytes.subarray(at, at + length)
    return this.#spilled.read(chunk.slot, at, length)
  }

  /** Copies a value to where it is needed: a view of each would cost more. */
  copy(place: number, length: number, target: Uint8Array, at: number): void {
    if (length === 0) return
    const chunk = this.#chunkOf(place)
    if (this.#memory !== undefined) chunk.usedAt = this.#memory.tick()
    const { bytes } = chunk
    if (bytes === undefined) return target.set(this.read(place, length), at)
    const start = place % CHUNK_BYTES
    copyShort(bytes, { start, end: start + length }, target, at)
  }

  /**
   * Copies values one after the other, for who passes by all of them: a chunk on disk is read as a whole, and none is taken for one that
   * is of use.
   */
  copyAll({ lengths, places }: PlacedValues, target: Uint8Array, at: number): void {
    for (let index = 0; index < places.length;) {
      const first = places[index] ?? NO_PLACE
      const chunkEnd = (this.#numberOf(first) + 1) * CHUNK_BYTES
      let end = first
      for (; index < places.length; index++) {
        const length = lengths[index] ?? 0
        if (length > 0 && (places[index] !== end || end >= chunkEnd)) break
        end += length
      }
      if (end > first) at = this.#copyRun(first, end - first, target, at)
    }
  }

  /** The value is not there any more. */
  free(place: number, length: number): void {
    if (length === 0) return
    const chunk = this.#chunkOf(place)
    chunk.live -= length
    this.#live -= length
    if (chunk.live === 0 && this.#numberOf(place) !== this.#head) this.#drop(this.#numberOf(place))
  }

  /** Chunks that hold more garbage than is worth keeping, if there is much; to be emptied by moving all that is in them. */
  wasteful(): ReadonlySet<number> | undefined {
    if (this.#filled - this.#live <= Math.max(CHUNK_BYTES, this.#live * GARBAGE_SHARE))
      return undefined
    const worst = this.#chunks
      .flatMap((chunk, number) =>
        chunk === undefined || number === this.#head || chunk.live > chunk.filled * WORTH_SHARE
          ? []
          : { number, share: chunk.live / chunk.filled },
      )
      .sort((a, b) => a.share - b.share)
    if (worst.length === 0) return undefined
    return new Set(worst.slice(0, COLLECTED_AT_ONCE).map(({ number }) => number))
  }

  /** The chunk of a place, as `wasteful` names it. */
  #numberOf(place: number): number {
    return Math.floor(place / CHUNK_BYTES)
  }

  isIn(chunks: ReadonlySet<number>, place: number): boolean {
    return chunks.has(this.#numberOf(place))
  }

  get coldest(): number | undefined {
    return this.#coldestChunk()?.usedAt
  }

  spillColdest(): Buffer | undefined {
    const chunk = this.#coldestChunk()
    const bytes = chunk?.bytes
    if (chunk === undefined || bytes === undefined || this.#memory === undefined) return undefined
    this.#file ??= new SpillFile(this.#memory.directory, CHUNK_BYTES)
    chunk.slot = this.#file.write(bytes)
    chunk.bytes = undefined
    this.#chunkMemory -= CHUNK_BYTES
    return bytes
  }

  clear(): void {
    this.#chunks.forEach((chunk, number) => {
      if (chunk !== undefined) this.#drop(number)
    })
    this.#head = -1
    this.#filled = 0
    this.#live = 0
  }

  close(): void {
    this.#memory?.leave(this)
    this.#file?.close()
    this.#file = undefined
  }

  /** Up to where values fit into one chunk, at least one, and their length. */
  #run(lengths: Uint32Array, from: number): readonly [end: number, length: number] {
    const { bytes, filled = 0 } = this.#chunks[this.#head] ?? {}
    let length = lengths[from] ?? 0
    const room = Math.max(length, (bytes?.length ?? CHUNK_BYTES) - filled)
    let end = from + 1
    for (; end < lengths.length; end++) {
      const next = length + (lengths[end] ?? 0)
      if (next > room) break
      length = next
    }
    return [end, length]
  }

  #coldestChunk(): Chunk | undefined {
    let coldest: Chunk | undefined
    for (const [number, chunk] of this.#chunks.entries()) {
      // One that is larger has no slot that fits; the newest is still being filled.
      if (chunk?.bytes?.length !== CHUNK_BYTES || number === this.#head) continue
      if (chunk.usedAt < (coldest?.usedAt ?? Infinity)) coldest = chunk
    }
    return coldest
  }

  #addChunk(bytes: number): Chunk {
    const memory = this.#memory?.take(bytes) ?? Buffer.allocUnsafeSlow(bytes)
    const usedAt = this.#memory?.tick() ?? 0
    const chunk = { bytes: memory, slot: -1, filled: 0, live: 0, usedAt }
    const left = this.#head
    this.#head = this.#freeNumbers.pop() ?? this.#chunks.length
    this.#chunks[this.#head] = chunk
    this.#chunkMemory += bytes
    if (this.#chunks[left]?.live === 0) this.#drop(left)
    return chunk
  }

  /** Of values one behind the other. Returns the position after them. */
  #copyRun(place: number, length: number, target: Uint8Array, at: number): number {
    const { bytes, slot } = this.#chunkOf(place)
    const start = place % CHUNK_BYTES
    return copyShort(bytes ?? this.#spilled.chunk(slot), { start, end: start + length }, target, at)
  }

  get #spilled(): SpillFile {
    if (this.#file === undefined) throw new Error('there is no file of spilled state')
    return this.#file
  }

  #drop(number: number): void {
    const chunk = this.#chunks[number]
    if (chunk === undefined) return
    if (chunk.bytes === undefined) this.#file?.free(chunk.slot)
    else this.#chunkMemory -= chunk.bytes.length
    this.#filled -= chunk.filled
    this.#chunks[number] = undefined
    this.#freeNumbers.push(number)
  }

  #chunkOf(place: number): Chunk {
    const chunk = this.#chunks[this.#numberOf(place)]
    if (chunk === undefined) throw new Error(`there is no chunk at place ${place} of a store`)
    return chunk
  }
}
