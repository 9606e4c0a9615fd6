import type { FetchedPartition, TopicPartition } from './broker.ts'
import { readFetched } from './fetched-batches.ts'
import type { FetchResponsePart } from './kafka-fetch-request.ts'

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

  /** Moves past what arrived and returns it; undefined when there is nothing. Throws `CorruptBatch`. */
  advance(part: FetchResponsePart): FetchedPartition | undefined {
    const { topic, partition, lastStableOffset } = part
    const { position } = this
    const { batches, nextOffset } = readFetched(part, position)
    if (nextOffset === position) return undefined
    this.position = nextOffset
    return { topic, partition, position, batches, highWatermark: lastStableOffset }
  }
}
