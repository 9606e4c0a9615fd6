import type { Producer, TopicPartition } from '../broker/broker.ts'
import { asUnproduced } from '../broker/batch-header.ts'
import { BufferPool } from '../broker/buffer-pool.ts'
import type { Compression } from '../broker/compression.ts'
import { RecordTooLarge } from '../broker/errors.ts'
import { partitionFor } from '../broker/partitioner.ts'
import type { Header, RecordBatch } from '../broker/record-batch.ts'
import { fitsAlone, RecordBatchBuilder, sizeAlone } from '../broker/record-batch-builder.ts'
import type { RecordSink } from '../fused/exit-writer.ts'
import type { RowTarget } from '../state/store.ts'

/** A record on its way out. */
export interface OutputRecord {
  readonly topic: string
  /** Unset: by the key, as Java's default partitioner does; keyless records take turns. */
  readonly partition?: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: number
  readonly headers: readonly Header[]
}

export interface CollectorOptions {
  readonly producer: Producer
  /** How many partitions a topic has; asked anew each time. */
  readonly partitionCounts: Pick<ReadonlyMap<string, number>, 'get'>
  readonly compression: Compression
}

/** Large batches cost the broker least; this is where a batch is sent before the poll's end. */
const BATCH_BYTES = 256 * 1024
/** Room for a batch and what made it large enough; a builder that grew beyond for a single record does not stay so. */
const MAX_BUFFER_BYTES = 512 * 1024
const NOTHING = Buffer.alloc(0)
/** Of buffers that wait for their next use. */
const POOL_BYTES = 32 * 1024 * 1024
/** Below this it pays more to gather records into larger batches than to spare their encoding. */
const FORWARD_BYTES = 8 * 1024

/**
 * Gathers what records produce into batches. What one record produced is staged until it is done, so that a record that
 * fails half-way leaves nothing behind.
 */
export class OutputCollector implements RecordSink {
  readonly #options: CollectorOptions
  readonly #builders = new Map<string, RecordBatchBuilder[]>()
  readonly #buffers = new BufferPool(POOL_BYTES)
  readonly #turns = new Map<string, number>()
  readonly #limits = new Map<string, number>()
  #staged: OutputRecord[] = []
  #produced = 0

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  /** Records handed to the producer so far. */
  get produced(): number {
    return this.#produced
  }

  /** True while records are checked as they are staged: a broker has refused one for its size. */
  get knowsLimits(): boolean {
    return this.#limits.size > 0
  }

  /** Takes note of a topic's limit. False when it was known: what was refused could not have been staged. */
  learn({ topic, limit }: RecordTooLarge): boolean {
    if ((this.#limits.get(topic) ?? Infinity) <= limit) return false
    this.#limits.set(topic, limit)
    return true
  }

  /** Somebody may have raised them. */
  forgetLimits(): void {
    this.#limits.clear()
  }

  /** Throws `RecordTooLarge` when the topic is known not to take it. */
  stage(record: OutputRecord): void {
    const limit = this.#limits.get(record.topic)
    if (limit !== undefined && !fitsAlone(record, this.#options.compression, limit))
      throw new RecordTooLarge({ topic: record.topic, bytes: sizeAlone(record), limit })
    this.#staged.push(record)
  }

  accept(): void {
    if (this.#staged.length === 0) return
    for (const record of this.#staged) this.#append(record)
    this.#staged.length = 0
  }

  /** How much the record has staged so far. */
  get mark(): number {
    return this.#staged.length
  }

  /** All that the record has staged, or what it has since a mark. */
  discard(mark = 0): void {
    this.#staged.length = mark
  }

  /** Forgets all that was not handed to the producer. */
  clear(): void {
    this.discard()
    for (const builders of this.#builders.values()) for (const builder of builders) builder?.reset()
  }

  /** Hands every open batch to the producer. */
  send(): void {
    for (const [topic, builders] of this.#builders) {
      builders.forEach((builder, partition) => this.#sendBatch(topic, partition, builder))
    }
  }

  openBatch({ topic, partition }: TopicPartition): RecordBatchBuilder {
    return this.#builder(topic, partition)
  }

  append(to: TopicPartition, records: Parameters<RecordSink['append']>[1]): void {
    const builder = this.#builder(to.topic, to.partition)
    builder.appendEncoded(records)
    if (builder.sizeInBytes >= BATCH_BYTES) this.#sendBatch(to.topic, to.partition, builder)
  }

  /** Takes records of a partition that nothing undoes, and of which none is looked at for its size. */
  rowsTo({ topic, partition }: TopicPartition): RowTarget {
    const builder = this.#builder(topic, partition)
    const appendAt: RowTarget['appendAt'] = (timestamp, bytes, place) => {
      builder.appendPart(timestamp, bytes, place)
      if (builder.sizeInBytes >= BATCH_BYTES) this.#sendBatch(topic, partition, builder)
    }
    return {
      append: (timestamp, bytes, keyEnd, end) =>
        appendAt(timestamp, bytes, { start: 0, keyEnd, end }),
      appendAt,
    }
  }

  forward(to: TopicPartition, batch: RecordBatch): boolean {
    const { producer, compression } = this.#options
    // Without a codec a copy into a larger batch costs less than a request of its own.
    if (compression === 'none' || batch.compression !== compression) return false
    if (batch.bytes.length < FORWARD_BYTES || !isWhole(batch)) return false
    this.#sendBatch(to.topic, to.partition, this.#builder(to.topic, to.partition))
    const { bytes, recordCount } = batch
    const buffer = this.#room(bytes.length)
    const copy = buffer.subarray(0, bytes.copy(buffer))
    asUnproduced(copy)
    this.#produced += recordCount
    producer.send(to, copy, () => this.#buffers.give(buffer))
    return true
  }

  partitionsOf(topic: string): number {
    return this.#options.partitionCounts.get(topic) ?? 1
  }

  nextPartition(topic: string): number {
    const turn = this.#turns.get(topic) ?? 0
    this.#turns.set(topic, turn + 1)
    return turn % this.partitionsOf(topic)
  }

  #append(record: OutputRecord): void {
    const partition = record.partition ?? this.#partition(record)
    const builder = this.#builder(record.topic, partition)
    builder.append(record.timestamp, record.key, record.value, record.headers)
    if (builder.sizeInBytes >= BATCH_BYTES) this.#sendBatch(record.topic, partition, builder)
  }

  #partition({ topic, key }: OutputRecord): number {
    return key === null ? this.nextPartition(topic) : partitionFor(key, this.partitionsOf(topic))
  }

  #builder(topic: string, partition: number): RecordBatchBuilder {
    const builders = this.#builders.get(topic) ?? []
    this.#builders.set(topic, builders)
    return (builders[partition] ??= new RecordBatchBuilder())
  }

  /** At least so many bytes, of one of a few sizes. */
  #room(bytes: number): Buffer {
    return this.#buffers.take(2 ** Math.ceil(Math.log2(bytes)))
  }

  #sendBatch(topic: string, partition: number, builder: RecordBatchBuilder): void {
    if (builder.count === 0) return
    const { producer, compression } = this.#options
    this.#produced += builder.count
    if (compression !== 'none') {
      let room: Buffer = NOTHING
      const batch = builder.compressed(compression, (bytes) => (room = this.#room(bytes)))
      producer.send({ topic, partition }, batch, () => this.#buffers.give(room))
      return builder.reset()
    }
    const next = this.#buffers.take(Math.min(builder.capacity, MAX_BUFFER_BYTES))
    const { batch, buffer } = builder.detach(next)
    producer.send({ topic, partition }, batch, () => this.#buffers.give(buffer))
  }
}

/** Its records are what a producer may send: all that it ever had, each with a time of its own. */
const isWhole = (batch: RecordBatch): boolean =>
  batch.recordCount === batch.offsetCount && batch.appendTime === undefined
