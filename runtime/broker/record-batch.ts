import { at, attribute, batchCrc, LENGTH_OVERHEAD, readInt64 } from './batch-header.ts'
import { type Compression, compressions, decompress } from './compression.ts'
import { CorruptBatch } from './errors.ts'
import { ByteReader } from './varint.ts'

/** Positions of the parts of each record in `bytes`; nothing is decoded. Lengths are -1 for null. */
export interface RecordColumns {
  readonly count: number
  readonly bytes: Buffer
  readonly offsetDelta: Int32Array
  /** A double: a delta may pass 2^31 ms. */
  readonly timestampDelta: Float64Array
  readonly keyStart: Int32Array
  readonly keyLength: Int32Array
  readonly valueStart: Int32Array
  readonly valueLength: Int32Array
  /** From the header count on. */
  readonly headersStart: Int32Array
}

export type Header = readonly [key: string, value: Buffer | null]

/** A lazy view of one record batch (v2). Offsets and timestamps are doubles: exact up to 2^53. */
export class RecordBatch {
  readonly bytes: Buffer
  #records: Buffer | undefined
  #columns: RecordColumns | undefined

  /** `bytes` is exactly one batch. Throws `CorruptBatch` on a wrong length or magic. */
  constructor(bytes: Buffer) {
    if (
      bytes.length < at.records ||
      bytes.readInt32BE(at.length) + LENGTH_OVERHEAD !== bytes.length
    ) {
      throw new CorruptBatch(`record batch of ${bytes.length} bytes has a wrong length field`)
    }
    const magic = bytes[at.magic]
    if (magic !== 2) {
      throw new CorruptBatch(
        `record batch has magic ${magic}, only 2 is supported: raise log.message.format.version`,
      )
    }
    this.bytes = bytes
  }

  get baseOffset(): number {
    return readInt64(this.bytes, at.baseOffset)
  }

  /** Offset after this batch; compaction may have left gaps before it. */
  get nextOffset(): number {
    return this.baseOffset + this.bytes.readInt32BE(at.lastOffsetDelta) + 1
  }

  get recordCount(): number {
    return this.bytes.readInt32BE(at.recordCount)
  }

  get baseTimestamp(): number {
    return readInt64(this.bytes, at.baseTimestamp)
  }

  get maxTimestamp(): number {
    return readInt64(this.bytes, at.maxTimestamp)
  }

  get isControl(): boolean {
    return (this.#attributes & attribute.control) !== 0
  }

  get isTransactional(): boolean {
    return (this.#attributes & attribute.transactional) !== 0
  }

  get producerId(): bigint {
    return this.bytes.readBigInt64BE(at.producerId)
  }

  get compression(): Compression {
    const codec = this.#attributes & attribute.codec
    const compression = compressions[codec]
    if (compression === undefined) throw this.#corrupt(`names the unknown codec ${codec}`)
    return compression
  }

  /** Milliseconds since the epoch. With log append time every record carries the batch's. */
  timestamp(columns: RecordColumns, index: number): number {
    return this.appendTime ?? this.baseTimestamp + (columns.timestampDelta[index] ?? 0)
  }

  /** The time that all records carry where the topic has log append time; undefined where each has its own. */
  get appendTime(): number | undefined {
    return (this.#attributes & attribute.logAppendTime) === 0 ? undefined : this.maxTimestamp
  }

  /** The bytes of the records, their CRC checked, decompressed; once. Throws `CorruptBatch`. */
  records(): Buffer {
    this.#records ??= this.#read()
    return this.#records
  }

  /** The records, indexed once. Throws `CorruptBatch`. */
  columns(): RecordColumns {
    this.#columns ??= this.#index()
    return this.#columns
  }

  get #attributes(): number {
    return this.bytes.readInt16BE(at.attributes)
  }

  #read(): Buffer {
    if (batchCrc(this.bytes) !== this.bytes.readUInt32BE(at.crc))
      throw this.#corrupt('fails its CRC')
    const bytes = decompress(this.bytes.subarray(at.records), this.compression)
    const count = this.recordCount
    // A record takes at least 7 bytes; a wild count must not size the arrays.
    if (count < 0 || count * 7 > bytes.length) throw this.#corrupt(`claims ${count} records`)
    return bytes
  }

  #index(): RecordColumns {
    try {
      return indexRecords(this.records(), this.recordCount)
    } catch (error) {
      if (error instanceof RangeError) throw this.#corrupt(error.message)
      throw error
    }
  }

  #corrupt(what: string): CorruptBatch {
    return new CorruptBatch(`record batch at offset ${this.baseOffset} ${what}`)
  }
}

function indexRecords(bytes: Buffer, count: number): RecordColumns {
  const columns = {
    count,
    bytes,
    offsetDelta: new Int32Array(count),
    timestampDelta: new Float64Array(count),
    keyStart: new Int32Array(count),
    keyLength: new Int32Array(count),
    valueStart: new Int32Array(count),
    valueLength: new Int32Array(count),
    headersStart: new Int32Array(count),
  }
  const reader = new ByteReader(bytes)
  for (let index = 0; index < count; index++) {
    const length = reader.varint()
    const end = reader.position + length
    if (length < 6 || end > bytes.length) throw new RangeError(`record ${index} past the end`)
    reader.skip(1) // attributes, unused
    columns.timestampDelta[index] = reader.varlong()
    columns.offsetDelta[index] = reader.varint()
    columns.keyLength[index] = reader.varint()
    columns.keyStart[index] = reader.position
    reader.skip(Math.max(columns.keyLength[index] ?? 0, 0))
    columns.valueLength[index] = reader.varint()
    columns.valueStart[index] = reader.position
    reader.skip(Math.max(columns.valueLength[index] ?? 0, 0))
    columns.headersStart[index] = reader.position
    if (reader.position >= end) throw new RangeError(`record ${index} is longer than it says`)
    reader.position = end
  }
  return columns
}

/** The key's bytes as a view, null for a null key. */
export function keyAt(columns: RecordColumns, index: number): Buffer | null {
  return part(columns.bytes, columns.keyStart[index] ?? 0, columns.keyLength[index] ?? -1)
}

export function valueAt(columns: RecordColumns, index: number): Buffer | null {
  return part(columns.bytes, columns.valueStart[index] ?? 0, columns.valueLength[index] ?? -1)
}

export function headersAt(columns: RecordColumns, index: number): Header[] {
  const reader = new ByteReader(columns.bytes, columns.headersStart[index] ?? 0)
  const count = reader.varint()
  if (count < 0 || count > columns.bytes.length)
    throw new CorruptBatch(`record has ${count} headers`)
  const headers: Header[] = []
  for (let header = 0; header < count; header++) {
    const key = read(reader, reader.varint())?.toString('utf8') ?? ''
    headers.push([key, read(reader, reader.varint())])
  }
  return headers
}

function read(reader: ByteReader, length: number): Buffer | null {
  const start = reader.position
  if (length > 0) reader.skip(length)
  return part(reader.bytes, start, length)
}

function part(bytes: Buffer, start: number, length: number): Buffer | null {
  return length < 0 ? null : bytes.subarray(start, start + length)
}

/**
 * Splits the bytes of a fetch response into batches. A fetch may end in the middle of a batch: that rest is dropped and
 * fetched again.
 */
export function splitBatches(bytes: Buffer): RecordBatch[] {
  const batches: RecordBatch[] = []
  let position = 0
  while (bytes.length - position >= at.records) {
    const size = bytes.readInt32BE(position + at.length) + LENGTH_OVERHEAD
    if (size < at.records) throw new CorruptBatch(`record batch claims ${size} bytes`)
    if (position + size > bytes.length) break
    batches.push(new RecordBatch(bytes.subarray(position, position + size)))
    position += size
  }
  return batches
}
