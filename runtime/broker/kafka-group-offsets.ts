import type { PartitionOffset, TopicPartition } from './broker.ts'

const byTopic = <T extends TopicPartition>(partitions: readonly T[]) => [
  ...Map.groupBy(partitions, ({ topic }) => topic),
]

/** The topics of an OffsetCommit request. */
export const commitTopics = (offsets: readonly PartitionOffset[]) =>
  byTopic(offsets).map(([name, list]) => ({
    name,
    partitions: list.map(({ partition, offset }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: null,
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
      .map(({ partitionIndex, committedOffset }) => ({
        topic: name,
        partition: partitionIndex,
        offset: Number(committedOffset),
      })),
  )
}
