import { at, attribute, batchCrc, LENGTH_OVERHEAD, readInt64 } from './batch-header.ts'
import { type Compression, compressions, decompress, lendDecompressed } from './compression.ts'
import { CorruptBatch } from './errors.ts'
import { type Header, headersIn } from './record-headers.ts'
import { ByteReader } from './varint.ts'

export type { Header } from './record-headers.ts'

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

/** A lazy view of one record batch (v2). Offsets and timestamps are doubles: exact up to 2^53. */
export class RecordBatch {
  readonly bytes: Buffer
  #columns: RecordColumns | undefined
  #valid = false
  #giveBack: (() => void) | undefined

  /** `bytes` is exactly one batch. Throws `CorruptBatch` on a wrong length, magic or offset. */
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
    // Readers move on by these: a range that runs backwards would have them read the same for ever.
    const lastOffsetDelta = bytes.readInt32BE(at.lastOffsetDelta)
    if (this.baseOffset < 0 || lastOffsetDelta < 0 || !Number.isSafeInteger(this.nextOffset)) {
      throw this.#corrupt(`claims the last offset delta ${lastOffsetDelta}`)
    }
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

  /** How many offsets the batch spans; compaction may have left fewer records. */
  get offsetCount(): number {
    return this.nextOffset - this.baseOffset
  }

  /** Checks the CRC, once. Needed before a batch is skipped by what its header says. Throws `CorruptBatch`. */
  ensureValid(): void {
    if (this.#valid) return
    if (batchCrc(this.bytes) !== this.bytes.readUInt32BE(at.crc))
      throw this.#corrupt('fails its CRC')
    this.#valid = true
  }

  /**
   * The bytes of the records, the batch's CRC and header checked, decompressed; valid until another batch is read or this one is
   * released. For those who are done with them by then. Throws `CorruptBatch`.
   */
  lendRecords(): Buffer {
    this.ensureValid()
    return this.#columns?.bytes ?? this.#saying(() => this.#read(lendDecompressed))
  }

  /** Checks, decompresses and indexes, once: every length, count and offset holds afterwards. Throws `CorruptBatch`. */
  columns(): RecordColumns {
    this.#columns ??= this.#index()
    return this.#columns
  }

  /** The same, with columns that may be longer than `count`, and valid for as long as what `lendRecords` gives. */
  lendColumns(): RecordColumns {
    if (this.#columns !== undefined) return this.#columns
    const bytes = this.lendRecords()
    return this.#saying(() => this.#indexInto(lentPlaces(this.recordCount), bytes))
  }

  /** `giveBack`: called by `release` where nobody can hold a view of the bytes. */
  whenReleased(giveBack: () => void): void {
    this.#giveBack = giveBack
  }

  /**
   * To be called by whoever it was handed to, when they are done with it: its bytes may be overwritten. What was lent is not
   * looked at any more by then; what `columns` gave may be kept for ever, so it keeps the bytes as they are.
   */
  release(): void {
    const giveBack = this.#giveBack
    this.#giveBack = undefined
    if (this.#columns === undefined) giveBack?.()
  }

  get #attributes(): number {
    return this.bytes.readInt16BE(at.attributes)
  }

  #read(decompressed: typeof decompress): Buffer {
    if (!Number.isSafeInteger(this.baseTimestamp) || !Number.isSafeInteger(this.maxTimestamp)) {
      throw new RangeError('has a timestamp past 2^53')
    }
    const bytes = decompressed(this.bytes.subarray(at.records), this.compression)
    const { recordCount: count, offsetCount } = this
    // A record takes at least 7 bytes; a wild count must not size the arrays.
    if (count < 0 || count > offsetCount || count * 7 > bytes.length) {
      throw new RangeError(
        `claims ${count} records in ${offsetCount} offsets and ${bytes.length} bytes`,
      )
    }
    return bytes
  }

  #index(): RecordColumns {
    this.ensureValid()
    return this.#saying(() => {
      const bytes = this.#read(decompress)
      return this.#indexInto(placesOf(this.recordCount), bytes)
    })
  }

  #indexInto(places: RecordPlaces, bytes: Buffer): RecordColumns {
    const columns = { count: this.recordCount, bytes, ...places }
    indexRecords(columns, this.offsetCount)
    return columns
  }

  /** Whatever does not fit is a corrupt batch, by its offset. */
  #saying<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (error instanceof RangeError || error instanceof CorruptBatch)
        throw this.#corrupt(error.message, error)
      throw error
    }
  }

  #corrupt(what: string, cause?: Error): CorruptBatch {
    return new CorruptBatch(`record batch at offset ${this.baseOffset} ${what}`, { cause })
  }
}

type RecordPlaces = Omit<RecordColumns, 'count' | 'bytes'>

const placesOf = (count: number): RecordPlaces => ({
  offsetDelta: new Int32Array(count),
  timestampDelta: new Float64Array(count),
  keyStart: new Int32Array(count),
  keyLength: new Int32Array(count),
  valueStart: new Int32Array(count),
  valueLength: new Int32Array(count),
  headersStart: new Int32Array(count),
})

let lent = placesOf(0)

/** One set for all batches of a thread: seven arrays a batch are more work for the garbage collector than its records. */
function lentPlaces(count: number): RecordPlaces {
  if (count > lent.keyStart.length) lent = placesOf(count)
  return lent
}

/** `offsets`: how many offsets the batch spans. */
function indexRecords(columns: RecordColumns, offsets: number): void {
  const { bytes, count } = columns
  const reader = new ByteReader(bytes)
  let nextDelta = 0
  for (let index = 0; index < count; index++) {
    indexRecord(reader, columns, index)
    const delta = columns.offsetDelta[index] ?? 0
    if (delta < nextDelta || delta >= offsets) {
      throw new RangeError(`has record ${index} at the offset delta ${delta}`)
    }
    nextDelta = delta + 1
  }
  if (reader.position !== bytes.length) throw new RangeError(`holds more than ${count} records`)
}

function indexRecord(reader: ByteReader, columns: RecordColumns, index: number): void {
  const length = reader.varint()
  const end = reader.position + length
  if (length < 6 || end > reader.bytes.length) {
    throw new RangeError(`has record ${index} past its end`)
  }
  reader.skip(1) // attributes, unused
  columns.timestampDelta[index] = reader.varlong()
  columns.offsetDelta[index] = reader.varint()
  const keyLength = reader.part()
  columns.keyLength[index] = keyLength
  columns.keyStart[index] = reader.position - Math.max(keyLength, 0)
  const valueLength = reader.part()
  columns.valueLength[index] = valueLength
  columns.valueStart[index] = reader.position - Math.max(valueLength, 0)
  columns.headersStart[index] = reader.position
  skipHeaders(reader)
  if (reader.position !== end) throw new RangeError(`has record ${index} of a wrong length`)
}

/** Checked here, once, so that whoever reads or copies headers later need not. */
function skipHeaders(reader: ByteReader): void {
  const count = reader.varint()
  if (count < 0) throw new RangeError(`has a record with ${count} headers`)
  for (let header = 0; header < count; header++) {
    if (reader.part() < 0) throw new RangeError('has a header without a key')
    reader.part()
  }
}

/** The key's bytes as a view, null for a null key. */
export function keyAt(columns: RecordColumns, index: number): Buffer | null {
  return part(columns.bytes, columns.keyStart[index] ?? 0, columns.keyLength[index] ?? -1)
}

export function valueAt(columns: RecordColumns, index: number): Buffer | null {
  return part(columns.bytes, columns.valueStart[index] ?? 0, columns.valueLength[index] ?? -1)
}

export const headersAt = (columns: RecordColumns, index: number): readonly Header[] =>
  headersIn(columns.bytes, columns.headersStart[index])

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
