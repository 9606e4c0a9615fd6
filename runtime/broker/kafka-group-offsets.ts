import type { PartitionOffset, TopicPartition } from './broker.ts'

/** Begins the metadata of a committed offset: Kafka keeps a line of the client's with each. */
const TOPIC_ID = 'topic-id='

const byTopic = <T extends TopicPartition>(partitions: readonly T[]) => [
  ...Map.groupBy(partitions, ({ topic }) => topic),
]

/** The topics of an OffsetCommit request. */
export const commitTopics = (offsets: readonly PartitionOffset[]) =>
  byTopic(offsets).map(([name, list]) => ({
    name,
    partitions: list.map(({ partition, offset, topicId }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: topicId === undefined ? null : `${TOPIC_ID}${topicId}`,
    })),
  }))

/** The topics of an OffsetFetch request. */
export const fetchTopics = (partitions: readonly TopicPartition[]) =>
  byTopic(partitions).map(([name, list]) => ({
    name,
    partitionIndexes: list.map(({ partition }) => partition),
  }))

interface OffsetFetchTopic {
  readonly name: string
  readonly partitions: readonly {
    readonly partitionIndex: number
    readonly committedOffset: bigint
    readonly metadata?: string | null
  }[]
}

/**
 * What is committed in an OffsetFetch response; -1 means nothing is. Version 5 answers with topics at the top, while the
 * library types only the grouped form of later versions.
 */
export function readCommitted(response: unknown): PartitionOffset[] {
  const { topics } = response as { readonly topics: readonly OffsetFetchTopic[] }
  return topics.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ committedOffset }) => committedOffset >= 0n)
      .map(({ partitionIndex, committedOffset, metadata }) => ({
        topic: name,
        partition: partitionIndex,
        offset: Number(committedOffset),
        ...topicIdIn(metadata),
      })),
  )
}

/** Offsets that another client has committed, or a person has reset, go without. */
const topicIdIn = (metadata: string | null | undefined) =>
  metadata?.startsWith(TOPIC_ID) === true ? { topicId: metadata.slice(TOPIC_ID.length) } : {}
