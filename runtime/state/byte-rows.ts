import { inBytes } from './column-blocks.ts'
import type { PackedKeys } from './key-index.ts'

/** Rows of bytes as one block: `rows | bytes of keys | times | hashes of keys | their lengths | lengths of values | keys | values`. */

const HEAD_BYTES = 8
const TIME_BYTES = 8
/** A hash or a length. */
const WORD_BYTES = 4

export interface ByteRows {
  readonly timestamps: Float64Array
  /** As `hashOf` has them. */
  readonly keyHashes: Int32Array
  readonly keyLengths: Uint32Array
  readonly valueLengths: Uint32Array
  /** Where in the block the first key and the first value begin: each begins where the one before ends. */
  readonly keysAt: number
  readonly valuesAt: number
}

/** The same of who has them. */
export interface ByteRowColumns {
  readonly timestamps: Float64Array
  readonly keys: PackedKeys
  readonly valueLengths: Int32Array
}

/** A block of as many rows; `copyValues` is to write their values there, from `at` on. */
export function byteRowsBlock(
  { timestamps, keys, valueLengths }: ByteRowColumns,
  copyValues: (block: Buffer, at: number) => void,
): Buffer {
  const keysAt = keysAfter(timestamps.length)
  const keyBytes = sumOf(keys.lengths)
  const valuesAt = keysAt + keyBytes
  const block = Buffer.allocUnsafe(valuesAt + sumOf(valueLengths))
  block.writeUInt32LE(timestamps.length, 0)
  block.writeUInt32LE(keyBytes, 4)
  let at = HEAD_BYTES
  for (const column of [timestamps, keys.hashes, keys.lengths, valueLengths]) {
    block.set(inBytes(column), at)
    at += column.byteLength
  }
  block.set(keys.bytes.subarray(keys.start, keys.start + keyBytes), keysAt)
  copyValues(block, valuesAt)
  return block
}

const sumOf = (lengths: Int32Array | Uint32Array): number => {
  let sum = 0
  for (const length of lengths) sum += length
  return sum
}

/** Numbers must lie at a multiple of their size: they are copied here, for all blocks of a thread. */
let aligned = new Uint8Array(0)

/** Valid until the next call. Throws `RangeError` where the bytes are not those of `byteRowsBlock`. */
export function byteRowsIn(block: Buffer): ByteRows {
  const count = block.readUInt32LE(0)
  const keysAt = keysAfter(count)
  const valuesAt = keysAt + block.readUInt32LE(4)
  if (valuesAt > block.length)
    throw new RangeError(`${count} rows in a block of ${block.length} bytes`)
  if (keysAt > aligned.length) aligned = new Uint8Array(keysAt)
  aligned.set(block.subarray(HEAD_BYTES, keysAt))
  const { buffer } = aligned
  const words = (column: number) => count * (TIME_BYTES + column * WORD_BYTES)
  return {
    timestamps: new Float64Array(buffer, 0, count),
    keyHashes: new Int32Array(buffer, words(0), count),
    keyLengths: new Uint32Array(buffer, words(1), count),
    valueLengths: new Uint32Array(buffer, words(2), count),
    keysAt,
    valuesAt,
  }
}

const keysAfter = (count: number): number => HEAD_BYTES + count * (TIME_BYTES + 3 * WORD_BYTES)
