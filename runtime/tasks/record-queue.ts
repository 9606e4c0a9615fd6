import type { FetchedPartition, TopicPartition } from '../broker/broker.ts'
import type { RecordBatch, RecordColumns } from '../broker/record-batch.ts'
import { FlowRecord } from '../processors/flow-record.ts'
import type { Serde } from '../serde/serde.ts'

/** How the keys and the values of a partition are read. */
export interface RecordSerdes {
  readonly keySerde: Serde
  readonly serde: Serde
}

/** Buffered batches of one partition, read record by record. */
export class RecordQueue {
  readonly partition: TopicPartition
  readonly #serdes: RecordSerdes
  readonly #batches: RecordBatch[] = []
  #columns: RecordColumns | undefined
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

  add({ batches, position }: FetchedPartition): void {
    this.#batches.push(...batches)
    // Nothing visible in what was fetched (aborted or control batches): the position still moves on.
    if (this.#batches.length === 0) this.#position = Math.max(this.#position, position)
  }

  skipTo(offset: number): void {
    this.#position = Math.max(this.#position, offset)
  }

  /** Event time of the next record; undefined when there is none. */
  get headTimestamp(): number | undefined {
    const batch = this.#head()
    return batch === undefined || this.#columns === undefined
      ? undefined
      : batch.timestamp(this.#columns, this.#index)
  }

  take(): FlowRecord | undefined {
    const batch = this.#head()
    if (batch === undefined) return undefined
    const record = this.recordAt(batch, this.#index++)
    this.#position = record.offset + 1
    return record
  }

  /** The next batch, for those who work on whole ones. It stays the next until `finishBatch`. */
  get headBatch(): RecordBatch | undefined {
    return this.#batches[0]
  }

  recordAt(batch: RecordBatch, index: number): FlowRecord {
    const columns = batch.columns()
    return FlowRecord.of({ from: this.partition, batch, columns, index, ...this.#serdes })
  }

  finishBatch(): void {
    const batch = this.#batches.shift()
    this.#columns = undefined
    this.#index = 0
    this.#position = Math.max(this.#position, batch?.nextOffset ?? 0)
  }

  /** The batch that holds the next record, with its columns at hand. */
  #head(): RecordBatch | undefined {
    for (;;) {
      const batch = this.#batches[0]
      if (batch === undefined) return undefined
      this.#columns ??= batch.columns()
      this.#skipBelowPosition(batch, this.#columns)
      if (this.#index < this.#columns.count) return batch
      this.finishBatch()
    }
  }

  #skipBelowPosition(batch: RecordBatch, { count, offsetDelta }: RecordColumns): void {
    while (
      this.#index < count &&
      batch.baseOffset + (offsetDelta[this.#index] ?? 0) < this.#position
    ) {
      this.#index++
    }
  }
}
