import { crc32c } from '@node-rs/crc32'

/** Byte positions in a record batch, version 2 (https://kafka.apache.org/39/documentation/#recordbatch). */
export const at = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const

export const attribute = {
  codec: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
} as const

/** Bytes of a batch that its length field does not count. */
export const LENGTH_OVERHEAD = 12

/** int64 as a double: offsets and timestamps stay below 2^53. */
export function readInt64(bytes: Buffer, position: number): number {
  return bytes.readInt32BE(position) * 0x1_0000_0000 + bytes.readUInt32BE(position + 4)
}

export function writeInt64(bytes: Buffer, position: number, value: number): void {
  bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000), position)
  bytes.writeUInt32BE(((value % 0x1_0000_0000) + 0x1_0000_0000) % 0x1_0000_0000, position + 4)
}

/** The CRC covers everything from the attributes on; base offset and leader epoch may change without it. */
export function batchCrc(batch: Buffer): number {
  return crc32c(batch.subarray(at.attributes)) >>> 0
}

export function writeCrc(batch: Buffer): void {
  batch.writeUInt32BE(batchCrc(batch), at.crc)
}

/** Takes off what brokers and the batch's own producer have written; the codec stays. The CRC is left to `stampProducer`. */
export function asUnproduced(batch: Buffer): void {
  writeInt64(batch, at.baseOffset, 0)
  batch.writeInt32BE(-1, at.leaderEpoch)
  batch.writeInt16BE(batch.readInt16BE(at.attributes) & attribute.codec, at.attributes)
  batch.fill(0xff, at.producerId, at.recordCount) // no producer id, epoch or sequence
}

export interface ProducerStamp {
  readonly producerId: bigint
  readonly epoch: number
  readonly sequence: number
  /** Whether the batch is part of a transaction. */
  readonly isTransactional?: boolean
}

/** Makes a built batch the producer's own: broker-side duplicate detection works by the first three fields. */
export function stampProducer(
  batch: Buffer,
  { producerId, epoch, sequence, isTransactional = false }: ProducerStamp,
): void {
  const attributes = batch.readInt16BE(at.attributes)
  if (isTransactional) batch.writeInt16BE(attributes | attribute.transactional, at.attributes)
  batch.writeBigInt64BE(producerId, at.producerId)
  batch.writeInt16BE(epoch, at.producerEpoch)
  batch.writeInt32BE(sequence, at.baseSequence)
  writeCrc(batch)
}
