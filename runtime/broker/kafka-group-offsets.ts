import type { PartitionOffset, TopicPartition } from './broker.ts'

/** Begin words of the metadata of a committed offset: Kafka keeps a line of the client's with each. */
const TOPIC_ID = 'topic-id='
const NOTE = 'note='

const byTopic = <T extends TopicPartition>(partitions: readonly T[]) => [
  ...Map.groupBy(partitions, ({ topic }) => topic),
]

/** The topics of an OffsetCommit request. */
export const commitTopics = (offsets: readonly PartitionOffset[]) =>
  byTopic(offsets).map(([name, list]) => ({
    name,
    partitions: list.map((offset) => ({
      partitionIndex: offset.partition,
      committedOffset: BigInt(offset.offset),
      committedLeaderEpoch: -1,
      committedMetadata: metadataOf(offset),
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
        ...readMetadata(metadata ?? ''),
      })),
  )
}

function metadataOf({ topicId, note }: PartitionOffset): string | null {
  const words = [
    ...(note === undefined ? [] : [`${NOTE}${note}`]),
    ...(topicId === undefined ? [] : [`${TOPIC_ID}${topicId}`]),
  ]
  return words.length === 0 ? null : words.join(' ')
}

/** Offsets that another client has committed, or a person has reset, go without. */
function readMetadata(metadata: string): Pick<PartitionOffset, 'topicId' | 'note'> {
  const words = metadata.split(' ')
  const wordAfter = (prefix: string) =>
    words.find((word) => word.startsWith(prefix))?.slice(prefix.length)
  const [topicId, note] = [wordAfter(TOPIC_ID), wordAfter(NOTE)]
  return {
    ...(topicId === undefined ? {} : { topicId }),
    ...(note === undefined ? {} : { note }),
  }
}
