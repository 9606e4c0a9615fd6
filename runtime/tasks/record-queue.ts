import type { FetchedPartition, TopicPartition } from '../broker/broker.ts'
import type { RecordBatch } from '../broker/record-batch.ts'
import { BadRecord } from '../errors.ts'
import { FlowRecord } from '../processors/flow-record.ts'
import { BatchOrigin, type RecordSerdes } from '../processors/record-origin.ts'
import { serdeOf } from '../serde/carried.ts'
import { serdes } from '../serde/serde.ts'
import type { RecordFunction } from '../topology/nodes.ts'
import type { SubTopologySource } from '../topology/sub-topologies.ts'
import { eventTimeOf } from './event-time.ts'

/** How the records of a partition are read. */
export type QueueSource = Pick<
  SubTopologySource,
  'node' | 'format' | 'keyFormat' | 'time' | 'windows' | 'repartition'
>

/** A record that has left its queue. */
export interface Taken {
  readonly record: FlowRecord
  readonly source: QueueSource
  /** Its time could not be read. */
  readonly fault?: BadRecord | undefined
}

/** A record at the head of its queue whose time was read already. */
interface Timed {
  readonly origin: BatchOrigin
  readonly index: number
  readonly record: FlowRecord
  readonly fault?: BadRecord
}

/** Buffered batches of one partition, read record by record. */
export class RecordQueue {
  readonly partition: TopicPartition
  readonly #source: QueueSource
  readonly #serdes: RecordSerdes
  readonly #batches: RecordBatch[] = []
  /** When each of them came from its broker. */
  readonly #receivedAt: number[] = []
  /** The batch read last, with its columns at hand. */
  #origin: BatchOrigin | undefined
  #index = 0
  #timed: Timed | undefined
  #position: number
  /** Up to here nothing is left but what was fetched. */
  #end = 0

  /** `position`: the offset of the next record; records before it are skipped. */
  constructor(partition: TopicPartition, source: QueueSource, position: number) {
    this.partition = partition
    this.#source = source
    const { format, keyFormat, windows, repartition } = source
    const serde = serdeOf(format, repartition?.carries)
    this.#serdes = { serde, keySerde: serdes[keyFormat], ...(windows && { windows }) }
    this.#position = position
  }

  /** Offset after the last record taken; past a batch's end it also covers gaps that compaction and markers left. */
  get position(): number {
    return this.#position
  }

  add({ batches, position, nextOffset = position, receivedAt }: FetchedPartition): void {
    this.#batches.push(...batches)
    this.#receivedAt.push(...batches.map(() => receivedAt))
    this.#end = nextOffset
    this.#passInvisible()
  }

  skipTo(offset: number): void {
    this.#position = Math.max(this.#position, offset)
  }

  /** Event time of the next record, which comes first if it has none; undefined when there is no record. */
  get headTimestamp(): number | undefined {
    const head = this.#head()
    if (head === undefined || this.#source.time?.eventTime === undefined)
      return head?.timestampAt(this.#index)
    const { record, fault } = this.#timedHead(head)
    return fault === undefined ? record.timestamp : -1
  }

  /** When the next record came from its broker, as its fetch says; Infinity when there is none. */
  get headReceivedAt(): number {
    return this.#receivedAt[0] ?? Infinity
  }

  take(): Taken | undefined {
    const head = this.#head()
    if (head === undefined) return undefined
    const { record, fault } = this.#timedHead(head)
    this.#index++
    this.#position = record.offset + 1
    return { record, fault, source: this.#source }
  }

  /** The next batch, for those who work on whole ones. It stays the next until `finishBatch`. */
  get headBatch(): RecordBatch | undefined {
    return this.#batches[0]
  }

  /** One record of it. */
  takenAt(batch: RecordBatch, index: number): Taken {
    return { record: new FlowRecord(this.#originOf(batch), index), source: this.#source }
  }

  finishBatch(): void {
    const batch = this.#batches.shift()
    this.#receivedAt.shift()
    this.#origin = undefined
    this.#index = 0
    this.#position = Math.max(this.#position, batch?.nextOffset ?? 0)
    this.#passInvisible()
  }

  /** Behind the last record there may be aborted batches and control batches. */
  #passInvisible(): void {
    if (this.#batches.length === 0) this.#position = Math.max(this.#position, this.#end)
  }

  /** Once a record: it may wait at the head of its queue while others come. */
  #timedHead(origin: BatchOrigin): Pick<Timed, 'record' | 'fault'> {
    const eventTime = this.#source.time?.eventTime
    const index = this.#index
    if (eventTime === undefined) return { record: new FlowRecord(origin, index) }
    if (this.#timed?.origin !== origin || this.#timed.index !== index) {
      const record = new FlowRecord(origin, index)
      this.#timed = { origin, index, ...timed(record, eventTime, this.#source.node) }
    }
    return this.#timed
  }

  /** One for all records of a batch. */
  #originOf(batch: RecordBatch): BatchOrigin {
    if (this.#origin?.batch === batch) return this.#origin
    this.#origin = new BatchOrigin(this.partition, batch, this.#serdes)
    return this.#origin
  }

  /** The batch that holds the next record. */
  #head(): BatchOrigin | undefined {
    for (;;) {
      const batch = this.#batches[0]
      if (batch === undefined) return undefined
      const head = this.#originOf(batch)
      this.#skipBelowPosition(head)
      if (this.#index < head.columns.count) return head
      this.finishBatch()
    }
  }

  #skipBelowPosition(origin: BatchOrigin): void {
    const { count } = origin.columns
    while (this.#index < count && origin.offsetAt(this.#index) < this.#position) this.#index++
  }
}

function timed(
  record: FlowRecord,
  eventTime: RecordFunction<unknown>,
  source: string,
): Pick<Timed, 'record' | 'fault'> {
  try {
    return { record: record.withTimestamp(eventTimeOf(record, eventTime, source)) }
  } catch (error) {
    if (!(error instanceof BadRecord)) throw error
    return { record, fault: error }
  }
}
