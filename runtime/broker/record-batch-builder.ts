import { at, attribute, LENGTH_OVERHEAD, writeCrc, writeInt64 } from './batch-header.ts'
import { type Compression, compressions, lendCompressed } from './compression.ts'
import { copyShort } from './copy-short.ts'
import {
  type Header,
  sizeOfHeaders,
  sizeOfPart,
  writeHeaders,
  writePart,
} from './record-headers.ts'
import { varintSize, writeVarint } from './varint.ts'

const INITIAL_BYTES = 16 * 1024

/** Attributes, and the count of headers where there are none. */
const FIXED_BYTES = 2

const allocate = (bytes: number) => Buffer.allocUnsafe(bytes)

/** Builds one record batch (v2) with base offset 0. Grows by doubling; `reset` keeps the buffer for the next batch. */
export class RecordBatchBuilder {
  #bytes: Buffer = Buffer.allocUnsafe(INITIAL_BYTES)
  #end: number = at.records
  #count = 0
  #baseTimestamp = 0
  #maxTimestamp = 0

  get count(): number {
    return this.#count
  }

  /** Bytes that fit before the buffer has to grow. */
  get capacity(): number {
    return this.#bytes.length
  }

  /** Uncompressed size of the batch so far. */
  get sizeInBytes(): number {
    return this.#end
  }

  /** Milliseconds that the timestamps of the records count from; 0 while there is none. */
  get baseTimestamp(): number {
    return this.#baseTimestamp
  }

  /** Records as they follow those in here: offset deltas from `count` on, timestamps counted from `baseTimestamp`. */
  appendEncoded(records: {
    readonly bytes: Uint8Array
    readonly count: number
    readonly baseTimestamp: number
    readonly maxTimestamp: number
  }): void {
    if (this.#count === 0) {
      this.#baseTimestamp = records.baseTimestamp
      this.#maxTimestamp = records.maxTimestamp
    }
    this.#reserve(records.bytes.length)
    this.#bytes.set(records.bytes, this.#end)
    this.#end += records.bytes.length
    this.#count += records.count
    this.#maxTimestamp = Math.max(this.#maxTimestamp, records.maxTimestamp)
  }

  append(
    timestamp: number,
    key: Buffer | null,
    value: Buffer | null,
    headers: readonly Header[] = [],
  ): void {
    if (this.#count === 0) {
      this.#baseTimestamp = timestamp
      this.#maxTimestamp = timestamp
    }
    const timestampDelta = timestamp - this.#baseTimestamp
    const length =
      1 +
      varintSize(timestampDelta) +
      varintSize(this.#count) +
      sizeOfPart(key) +
      sizeOfPart(value) +
      sizeOfHeaders(headers)
    this.#reserve(length + 5)
    let end = writeVarint(this.#bytes, this.#end, length)
    this.#bytes[end++] = 0
    end = writeVarint(this.#bytes, end, timestampDelta)
    end = writeVarint(this.#bytes, end, this.#count)
    end = writePart(this.#bytes, end, key)
    end = writePart(this.#bytes, end, value)
    this.#end = writeHeaders(this.#bytes, end, headers)
    this.#count++
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
  }

  /** A record without headers: its key lies from `start` to `keyEnd`, its value from there to `end`; null if that is before. */
  appendPart(
    timestamp: number,
    part: Buffer,
    {
      start,
      keyEnd,
      end,
    }: { readonly start: number; readonly keyEnd: number; readonly end: number },
  ): void {
    if (this.#count === 0) {
      this.#baseTimestamp = timestamp
      this.#maxTimestamp = timestamp
    }
    const timestampDelta = timestamp - this.#baseTimestamp
    const keyLength = keyEnd - start
    const valueLength = end < keyEnd ? -1 : end - keyEnd
    const length =
      FIXED_BYTES +
      varintSize(timestampDelta) +
      varintSize(this.#count) +
      varintSize(keyLength) +
      varintSize(valueLength) +
      Math.max(keyEnd, end) -
      start
    this.#reserve(length + 5)
    const bytes = this.#bytes
    let at = writeVarint(bytes, this.#end, length)
    bytes[at++] = 0
    at = writeVarint(bytes, at, timestampDelta)
    at = writeVarint(bytes, at, this.#count)
    at = copyShort(part, { start, end: keyEnd }, bytes, writeVarint(bytes, at, keyLength))
    at = copyShort(part, { start: keyEnd, end }, bytes, writeVarint(bytes, at, valueLength))
    this.#end = writeVarint(bytes, at, 0)
    this.#count++
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
  }

  /** A whole batch of its own, so that the builder may be reset while it is in flight. */
  build(compression: Compression = 'none'): Buffer {
    const batch = this.compressed(compression, allocate)
    writeCrc(batch)
    return batch
  }

  /** The same but for its CRC, which a producer writes. `room` gives memory of at least so many bytes. */
  compressed(compression: Compression, room: (bytes: number) => Buffer): Buffer {
    const records = lendCompressed(this.#bytes.subarray(at.records, this.#end), compression)
    const size = at.records + records.length
    const batch = room(size).subarray(0, size)
    records.copy(batch, at.records)
    this.#writeHeader(batch, compression)
    return batch
  }

  /** The batch in the builder's own buffer, but for its CRC, which a producer writes. The builder starts anew in `next`. */
  detach(next: Buffer): { readonly batch: Buffer; readonly buffer: Buffer } {
    const buffer = this.#bytes
    const batch = buffer.subarray(0, this.#end)
    this.#writeHeader(batch, 'none')
    this.#bytes = next
    this.reset()
    return { batch, buffer }
  }

  #writeHeader(batch: Buffer, compression: Compression): void {
    batch.fill(0, 0, at.records)
    batch.writeInt32BE(batch.length - LENGTH_OVERHEAD, at.length)
    batch.writeInt32BE(-1, at.leaderEpoch)
    batch[at.magic] = 2
    batch.writeInt16BE(compressions.indexOf(compression) & attribute.codec, at.attributes)
    batch.writeInt32BE(this.#count - 1, at.lastOffsetDelta)
    writeInt64(batch, at.baseTimestamp, this.#baseTimestamp)
    writeInt64(batch, at.maxTimestamp, this.#maxTimestamp)
    batch.fill(0xff, at.producerId, at.recordCount) // no producer id, epoch or sequence
    batch.writeInt32BE(this.#count, at.recordCount)
  }

  reset(): void {
    this.#end = at.records
    this.#count = 0
  }

  #reserve(extra: number): void {
    if (this.#end + extra <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + extra))
    this.#bytes.copy(grown, 0, 0, this.#end)
    this.#bytes = grown
  }
}

interface LoneRecord {
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
}

/** Whether a batch with this record alone is of at most `limit` bytes. */
export function fitsAlone(record: LoneRecord, compression: Compression, limit: number): boolean {
  const size = sizeAlone(record)
  // No codec makes it twice as large; what it does make of it only it can tell.
  if (compression === 'none' || size <= limit / 2) return size <= limit
  const builder = new RecordBatchBuilder()
  builder.append(record.timestamp, record.key, record.value, record.headers)
  return builder.compressed(compression, allocate).length <= limit
}

export function sizeAlone(record: LoneRecord): number {
  const fixed = 3 // attributes, no difference of time or offset
  const length =
    fixed + sizeOfPart(record.key) + sizeOfPart(record.value) + sizeOfHeaders(record.headers)
  return at.records + varintSize(length) + length
}
