import type { FetchedPartition, TopicPartition } from '../broker/broker.ts'
import type { RecordBatch } from '../broker/record-batch.ts'
import { FlowRecord } from '../processors/flow-record.ts'
import { BatchOrigin, type RecordSerdes } from '../processors/record-origin.ts'

/** Buffered batches of one partition, read record by record. */
export class RecordQueue {
  readonly partition: TopicPartition
  readonly #serdes: RecordSerdes
  readonly #batches: RecordBatch[] = []
  /** When each of them came from its broker. */
  readonly #receivedAt: number[] = []
  /** The batch read last, with its columns at hand. */
  #origin: BatchOrigin | undefined
  #index = 0
  #position: number

  /** `position`: the offset of the next record; records before it are skipped. */
  constructor(partition: TopicPartition, serdes: RecordSerdes, position: number) {
    this.partition = partition
    this.#serdes = serdes
    this.#position = position
  }

  /** Offset after the last record taken; past a batch's end it also covers gaps that compaction left. */
  get position(): number {
    return this.#position
  }

  add({ batches, position, receivedAt }: FetchedPartition): void {
    this.#batches.push(...batches)
    for (const _ of batches) this.#receivedAt.push(receivedAt)
    // Nothing visible in what was fetched (aborted or control batches): the position still moves on.
    if (this.#batches.length === 0) this.#position = Math.max(this.#position, position)
  }

  skipTo(offset: number): void {
    this.#position = Math.max(this.#position, offset)
  }

  /** Event time of the next record; undefined when there is none. */
  get headTimestamp(): number | undefined {
    const head = this.#head()
    return head?.timestampAt(this.#index)
  }

  /** When the next record came from its broker, as its fetch says; Infinity when there is none. */
  get headReceivedAt(): number {
    return this.#receivedAt[0] ?? Infinity
  }

  take(): FlowRecord | undefined {
    const head = this.#head()
    if (head === undefined) return undefined
    const record = new FlowRecord(head, this.#index++)
    this.#position = record.offset + 1
    return record
  }

  /** The next batch, for those who work on whole ones. It stays the next until `finishBatch`. */
  get headBatch(): RecordBatch | undefined {
    return this.#batches[0]
  }

  recordAt(batch: RecordBatch, index: number): FlowRecord {
    return new FlowRecord(this.#originOf(batch), index)
  }

  finishBatch(): void {
    const batch = this.#batches.shift()
    this.#receivedAt.shift()
    this.#origin = undefined
    this.#index = 0
    this.#position = Math.max(this.#position, batch?.nextOffset ?? 0)
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

  #skipBelowPosition({ batch, columns: { count, offsetDelta } }: BatchOrigin): void {
    const { baseOffset } = batch
    while (this.#index < count && baseOffset + (offsetDelta[this.#index] ?? 0) < this.#position) {
      this.#index++
    }
  }
}
