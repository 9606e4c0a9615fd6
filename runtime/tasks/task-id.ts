import type { TopicPartition } from '../broker/broker.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'

/** One sub-topology × one partition; written `<sub-topology>_<partition>` as in Kafka Streams. */
export interface TaskId {
  readonly subTopology: number
  readonly partition: number
}

export const taskName = ({ subTopology, partition }: TaskId): string =>
  `${subTopology}_${partition}`

/** The partitions a task reads: the same number of every source topic that has it. */
export const partitionsOf = (
  { partition }: TaskId,
  { sources }: SubTopology,
  partitionCounts: ReadonlyMap<string, number>,
): TopicPartition[] =>
  sources
    .filter(({ topic }) => partition < (partitionCounts.get(topic) ?? 0))
    .map(({ topic }) => ({ topic, partition }))
