import type { FetchedPartition, TopicPartition } from './broker.ts'
import { BrokerError } from './errors.ts'
import { readFetched } from './fetched-batches.ts'
import type { FetchResponsePart } from './kafka-fetch-request.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'

/** One assigned partition and how far it was read. */
export class Reading {
  readonly partition: TopicPartition
  position: number
  isPaused = false
  /** Not fetched before this monotonic time: the last try was refused. */
  retryAt = 0
  /** Monotonic time since when the cluster says that there is no such partition. */
  missingSince: number | undefined
  /** When a broker last said that there is nothing at the position or behind it. */
  caughtUpAt: number | undefined
  /** When somebody last wanted to know that. */
  awaitedAt = -Infinity
  /** Of the topic that the position is of; another one under the same name holds other records. */
  topicId: string | undefined

  constructor(partition: TopicPartition, position: number, topicId: string | undefined) {
    this.partition = partition
    this.position = position
    this.topicId = topicId
  }

  /** As messages name it. */
  get what(): string {
    return `fetch ${this.partition.topic}-${this.partition.partition}`
  }

  /** Moves past what arrived and returns it; undefined when there is nothing. Throws `CorruptBatch`. */
  advance(part: FetchResponsePart, receivedAt: number): FetchedPartition | undefined {
    const { topic, partition, lastStableOffset } = part
    const { position, topicId } = this
    const { batches, nextOffset } = readFetched(part, position)
    if (nextOffset === position) return undefined
    this.position = nextOffset
    this.foundNothing(part, receivedAt)
    const id = topicId === undefined ? {} : { topicId }
    return {
      topic,
      partition,
      ...id,
      position,
      batches,
      highWatermark: lastStableOffset,
      receivedAt,
    }
  }

  /** Takes note of an answer behind which there is nothing; there may be, if a broker sent less than it had. */
  foundNothing({ lastStableOffset }: FetchResponsePart, receivedAt: number): void {
    if (lastStableOffset <= this.position) this.caughtUpAt = receivedAt
  }
}

/** The topics of a fetch request. */
export const asked = (readings: readonly Reading[], metadata: KafkaMetadata) =>
  [...Map.groupBy(readings, ({ partition }) => partition.topic)].map(([name, list]) => ({
    name,
    partitions: list.map(({ partition, position }) => ({
      partition: partition.partition,
      offset: position,
      leaderEpoch: metadata.leaderEpoch(partition),
    })),
  }))

export const recreated = ({ partition: { topic, partition }, position }: Reading): BrokerError =>
  new BrokerError(
    'TOPIC_RECREATED',
    `topic ${topic} was deleted and created anew while it was read: offset ${position} of ${topic}-${partition} means nothing in it; reset the group's offsets, or give the job a new applicationId`,
  )

export const gone = (topic: string): BrokerError =>
  new BrokerError(
    'UNKNOWN_TOPIC_OR_PARTITION',
    `topic ${topic} is gone: somebody deleted it while it was read; create it again`,
  )
