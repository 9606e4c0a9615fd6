/**
 * Keys of windows as Kafka Streams writes them: in topics `key | start`, in a store's changelog `key | start | sequence`, of
 * sessions everywhere `key | end | start`. Times are int64, the sequence int32, all big-endian.
 */

const TIME_BYTES = 8
const SEQUENCE_BYTES = 4

/** How the window of a record is written in its key; the end of a time window is not, but follows from its size. */
export type WindowKeys =
  { readonly kind: 'time'; readonly sizeMs: number } | { readonly kind: 'session' }

/** Milliseconds since the epoch. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A key as it is written in a topic with its window. */
export const windowedKey = (key: Buffer, { start, end }: Span, { kind }: WindowKeys): Buffer =>
  kind === 'session' ? sessionKey(key, start, end) : Buffer.concat([key, int64(start)])

export const keyWithoutWindow = (bytes: Buffer, { kind }: WindowKeys): Buffer =>
  bytes.subarray(0, bytes.length - (kind === 'session' ? 2 : 1) * TIME_BYTES)

export function windowInKey(bytes: Buffer, windows: WindowKeys): Span {
  const start = Number(bytes.readBigInt64BE(bytes.length - TIME_BYTES))
  if (windows.kind === 'time') return { start, end: start + windows.sizeMs }
  return { start, end: Number(bytes.readBigInt64BE(bytes.length - 2 * TIME_BYTES)) }
}

export const windowStoreKey = (key: Buffer, start: number, sequence: number): Buffer => {
  const tail = Buffer.alloc(SEQUENCE_BYTES)
  tail.writeInt32BE(sequence)
  return Buffer.concat([key, int64(start), tail])
}

export const sessionKey = (key: Buffer, start: number, end: number): Buffer =>
  Buffer.concat([key, int64(end), int64(start)])

export function parseWindowStoreKey(bytes: Buffer): {
  readonly key: Buffer
  readonly start: number
  readonly sequence: number
} {
  const at = bytes.length - TIME_BYTES - SEQUENCE_BYTES
  return {
    key: bytes.subarray(0, at),
    start: Number(bytes.readBigInt64BE(at)),
    sequence: bytes.readInt32BE(at + TIME_BYTES),
  }
}

export function parseSessionKey(bytes: Buffer): {
  readonly key: Buffer
  readonly start: number
  readonly end: number
} {
  const at = bytes.length - 2 * TIME_BYTES
  return {
    key: bytes.subarray(0, at),
    end: Number(bytes.readBigInt64BE(at)),
    start: Number(bytes.readBigInt64BE(at + TIME_BYTES)),
  }
}

function int64(time: number): Buffer {
  const bytes = Buffer.alloc(TIME_BYTES)
  bytes.writeBigInt64BE(BigInt(time))
  return bytes
}
