import { inBytes } from './column-blocks.ts'

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

export interface ByteRowsSource {
  /** In bytes, of the row at this place. */
  keyHash(index: number): number
  keyLength(index: number): number
  valueLength(index: number): number
  timestamp(index: number): number
  copyKey(index: number, target: Buffer, at: number): void
  copyValue(index: number, target: Buffer, at: number): void
}

/** A block of as many rows. */
export function byteRowsBlock(count: number, source: ByteRowsSource): Buffer {
  const timestamps = new Float64Array(count)
  const hashes = new Int32Array(count)
  const lengths = new Uint32Array(count * 2)
  let [keyBytes, valueBytes] = [0, 0]
  for (let index = 0; index < count; index++) {
    timestamps[index] = source.timestamp(index)
    hashes[index] = source.keyHash(index)
    keyBytes += lengths[index] = source.keyLength(index)
    valueBytes += lengths[count + index] = source.valueLength(index)
  }
  const keysAt = keysAfter(count)
  const block = Buffer.allocUnsafe(keysAt + keyBytes + valueBytes)
  block.writeUInt32LE(count, 0)
  block.writeUInt32LE(keyBytes, 4)
  block.set(inBytes(timestamps), HEAD_BYTES)
  block.set(inBytes(hashes), HEAD_BYTES + count * TIME_BYTES)
  block.set(inBytes(lengths), HEAD_BYTES + count * (TIME_BYTES + WORD_BYTES))
  let [keyAt, valueAt] = [keysAt, keysAt + keyBytes]
  for (let index = 0; index < count; index++) {
    source.copyKey(index, block, keyAt)
    source.copyValue(index, block, valueAt)
    keyAt += lengths[index] ?? 0
    valueAt += lengths[count + index] ?? 0
  }
  return block
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
