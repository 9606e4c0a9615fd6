import type { JoinSide } from '../topology/store-spec.ts'

/**
 * Keys of unmatched records as Kafka Streams writes them: `time | side | key`. The time is an int64, big-endian; the side is
 * a byte, 1 for the left.
 */

const TIME_BYTES = 8

/** A key, as that of one side. */
export const sidedKey = (side: JoinSide, key: Buffer): Buffer =>
  Buffer.concat([Buffer.of(side === 'left' ? 1 : 0), key])

export const parseSidedKey = (
  bytes: Buffer,
): { readonly side: JoinSide; readonly key: Buffer } => ({
  side: bytes[0] === 1 ? 'left' : 'right',
  key: bytes.subarray(1),
})

export function unmatchedKey(time: number, sided: Buffer): Buffer {
  const bytes = Buffer.alloc(TIME_BYTES)
  bytes.writeBigInt64BE(BigInt(time))
  return Buffer.concat([bytes, sided])
}

/** `key` is one as `sidedKey` makes it. */
export const parseUnmatchedKey = (
  bytes: Buffer,
): { readonly time: number; readonly key: Buffer } => ({
  time: Number(bytes.readBigInt64BE(0)),
  key: bytes.subarray(TIME_BYTES),
})
