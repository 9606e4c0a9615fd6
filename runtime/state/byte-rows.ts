import { inBytes } from './column-blocks.ts'

/** Rows of bytes as one block: `rows | bytes of keys | times | lengths of keys | lengths of values | keys | values`. */

const HEAD_BYTES = 8
const TIME_BYTES = 8
const LENGTH_BYTES = 4

export interface ByteRows {
  readonly timestamps: Float64Array
  readonly keyLengths: Uint32Array
  readonly valueLengths: Uint32Array
  /** Where in the block the first key and the first value begin: each begins where the one before ends. */
  readonly keysAt: number
  readonly valuesAt: number
}

export interface ByteRowsSource {
  /** In bytes, of the row at this place. */
  keyLength(index: number): number
  valueLength(index: number): number
  timestamp(index: number): number
  copyKey(index: number, target: Buffer, at: number): void
  copyValue(index: number, target: Buffer, at: number): void
}

/** A block of as many rows. */
export function byteRowsBlock(count: number, source: ByteRowsSource): Buffer {
  const timestamps = new Float64Array(count)
  const lengths = new Uint32Array(count * 2)
  let [keyBytes, valueBytes] = [0, 0]
  for (let index = 0; index < count; index++) {
    timestamps[index] = source.timestamp(index)
    keyBytes += lengths[index] = source.keyLength(index)
    valueBytes += lengths[count + index] = source.valueLength(index)
  }
  const keysAt = keysAfter(count)
  const block = Buffer.allocUnsafe(keysAt + keyBytes + valueBytes)
  block.writeUInt32LE(count, 0)
  block.writeUInt32LE(keyBytes, 4)
  block.set(inBytes(timestamps), HEAD_BYTES)
  block.set(inBytes(lengths), HEAD_BYTES + count * TIME_BYTES)
  let [keyAt, valueAt] = [keysAt, keysAt + keyBytes]
  for (let index = 0; index < count; index++) {
    source.copyKey(index, block, keyAt)
    source.copyValue(index, block, valueAt)
    keyAt += lengths[index] ?? 0
    valueAt += lengths[count + index] ?? 0
  }
  return block
}

/** Throws `RangeError` where the bytes are not those of `byteRowsBlock`. */
export function byteRowsIn(block: Buffer): ByteRows {
  const count = block.readUInt32LE(0)
  const keysAt = keysAfter(count)
  const valuesAt = keysAt + block.readUInt32LE(4)
  if (valuesAt > block.length)
    throw new RangeError(`${count} rows in a block of ${block.length} bytes`)
  // A copy, for numbers must lie at a multiple of their size.
  const { buffer } = Uint8Array.from(block.subarray(HEAD_BYTES, keysAt))
  const lengthsAt = count * TIME_BYTES
  return {
    timestamps: new Float64Array(buffer, 0, count),
    keyLengths: new Uint32Array(buffer, lengthsAt, count),
    valueLengths: new Uint32Array(buffer, lengthsAt + count * LENGTH_BYTES, count),
    keysAt,
    valuesAt,
  }
}

const keysAfter = (count: number): number => HEAD_BYTES + count * (TIME_BYTES + 2 * LENGTH_BYTES)
