import type { FetchedPartition, TopicPartition } from './broker.ts'
import type { FetchResponsePart } from './kafka-fetch-request.ts'
import { onlyCommitted } from './read-committed.ts'
import { splitBatches } from './record-batch.ts'

/** One assigned partition and how far it was read. */
export class Reading {
  readonly partition: TopicPartition
  position: number
  isPaused = false
  /** Not fetched before this monotonic time: the last try was refused. */
  retryAt = 0
  /** Monotonic time since when the cluster says that there is no such partition. */
  missingSince: number | undefined
  /** Of the topic when it was first read; another one under the same name holds other records. */
  topicId: string | undefined

  constructor(partition: TopicPartition, position: number) {
    this.partition = partition
    this.position = position
  }

  /** Moves past what arrived and returns it; undefined when there is nothing. */
  advance({
    topic,
    partition,
    records,
    aborted,
    lastStableOffset,
  }: FetchResponsePart): FetchedPartition | undefined {
    const batches = splitBatches(records)
    const last = batches.at(-1)
    if (last === undefined) return undefined
    const { position } = this
    this.position = last.nextOffset
    return {
      topic,
      partition,
      position,
      batches: onlyCommitted(batches, aborted),
      highWatermark: lastStableOffset,
    }
  }
}
