import { listOffsetsV5 } from '@platformatic/kafka'
import type { ListedOffset, PartitionOffset, TopicPartition } from './broker.ts'
import { BrokerError, OffsetOutOfRange } from './errors.ts'
import { call } from './kafka-call.ts'
import type { KafkaConnections } from './kafka-connections.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'
import type { KafkaSocket } from './kafka-socket.ts'

export interface Cluster {
  readonly connections: KafkaConnections
  readonly metadata: KafkaMetadata
}

const REPLICA_CONSUMER = -1
const READ_UNCOMMITTED = 0
const READ_COMMITTED = 1
const ASK = {
  earliest: { timestamp: -2n, isolation: READ_COMMITTED },
  latest: { timestamp: -1n, isolation: READ_COMMITTED },
  highWatermark: { timestamp: -1n, isolation: READ_UNCOMMITTED },
} as const satisfies Record<ListedOffset, object>

/** Asks each leader once, about its own; throws when one has moved or cannot be reached. */
export async function fromLeaders<P extends TopicPartition, A>(
  { connections, metadata }: Cluster,
  partitions: readonly P[],
  ask: (connection: KafkaSocket, own: readonly P[]) => Promise<readonly A[]>,
): Promise<A[]> {
  await metadata.refresh([...new Set(partitions.map(({ topic }) => topic))])
  const byLeader = Map.groupBy(partitions, (partition) => leaderOf(metadata, partition))
  const answers = await Promise.all(
    [...byLeader].map(async ([leader, own]) =>
      ask(await connections.to(metadata.node(leader)), own),
    ),
  )
  return answers.flat()
}

/** As `fromLeaders`. */
export async function listOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  at: ListedOffset,
): Promise<PartitionOffset[]> {
  const { timestamp, isolation } = ASK[at]
  const { metadata } = cluster
  const answers = await fromLeaders(cluster, partitions, async (connection, own) => {
    const { topics } = await call(
      connection,
      { api: listOffsetsV5.api, what: 'list offsets' },
      REPLICA_CONSUMER,
      isolation,
      requestTopics(own, timestamp),
    )
    return topics
  })
  return answers.flatMap(({ name, partitions: list }) =>
    list.map(({ partitionIndex: partition, offset }) => {
      const topicId = metadata.topicId({ topic: name, partition })
      const id = topicId === undefined ? {} : { topicId }
      return { topic: name, partition, offset: Number(offset), ...id }
    }),
  )
}

/** The error of a position outside the log; undefined while the cluster cannot say where that begins and ends. */
export async function outOfRange(
  cluster: Cluster,
  at: PartitionOffset,
): Promise<OffsetOutOfRange | undefined> {
  try {
    const [[first], [last]] = await Promise.all([
      listOffsets(cluster, [at], 'earliest'),
      listOffsets(cluster, [at], 'latest'),
    ])
    if (first === undefined || last === undefined) return undefined
    return new OffsetOutOfRange(at, { start: first.offset, end: last.offset })
  } catch {
    return undefined
  }
}

const requestTopics = (partitions: readonly TopicPartition[], timestamp: bigint) =>
  [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, list]) => ({
    name,
    partitions: list.map(({ partition }) => ({
      partitionIndex: partition,
      currentLeaderEpoch: -1,
      timestamp,
    })),
  }))

function leaderOf(metadata: KafkaMetadata, partition: TopicPartition): number {
  const leader = metadata.leader(partition)
  if (leader !== undefined) return leader
  const where = `${partition.topic}-${partition.partition}`
  if (metadata.isMissing(partition.topic))
    throw new BrokerError('UNKNOWN_TOPIC_OR_PARTITION', `${where} does not exist`)
  throw new BrokerError('LEADER_NOT_AVAILABLE', `${where} has no leader now`)
}
