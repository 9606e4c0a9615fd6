import type { RepartitionNode } from './nodes.ts'
import { requireCoPartitioned } from './co-partitioning.ts'
import { changelogConfig } from './store-spec.ts'
import type { SubTopology, SubTopologySource } from './sub-topologies.ts'

/** A topic that the job needs for itself. */
export interface InternalTopic {
  readonly name: string
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
}

export const repartitionTopic = (applicationId: string, stem: string): string =>
  `${applicationId}-${stem}-repartition`

export const changelogTopic = (applicationId: string, store: string): string =>
  `${applicationId}-${store}-changelog`

export const deadLetterTopicOf = (applicationId: string): string => `${applicationId}-dead-letters`

/** Kafka Streams' configs: a repartition topic is never trimmed by time. */
const REPARTITION_CONFIG = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'segment.bytes': '52428800',
  'message.timestamp.type': 'CreateTime',
} as const

/** How many tasks each sub-topology has: the most partitions of any topic it reads. */
export type TaskCounts = ReadonlyMap<number, number>

/** `inputPartitions` holds the partition count of each input topic. Throws `InvalidJob` as `requireCoPartitioned` does. */
export function taskCountsOf(
  subTopologies: readonly SubTopology[],
  inputPartitions: ReadonlyMap<string, number>,
): TaskCounts {
  const counts = new Map(subTopologies.map(({ id }) => [id, 0]))
  const partitionsOf = (source: SubTopologySource) =>
    source.repartition === undefined
      ? (inputPartitions.get(source.topic) ?? 0)
      : repartitionPartitions(source.repartition, subTopologies, counts)
  // Sub-topologies may feed each other in a ring: counts only grow, and never beyond the largest, so this ends.
  for (let grew = true; grew;) {
    grew = false
    for (const { id, sources } of subTopologies) {
      const count = Math.max(0, ...sources.map(partitionsOf))
      if (count === counts.get(id)) continue
      counts.set(id, count)
      grew = true
    }
  }
  requireCoPartitioned(subTopologies, partitionsOf)
  return counts
}

/** As many partitions as the node asks for, or as the sub-topologies that write it have tasks. */
function repartitionPartitions(
  { parent, partitions }: RepartitionNode,
  all: readonly SubTopology[],
  taskCounts: TaskCounts,
): number {
  if (partitions !== undefined) return partitions
  const writers = all.filter(({ nodes }) => nodes.some(({ name }) => name === parent))
  return Math.max(0, ...writers.map(({ id }) => taskCounts.get(id) ?? 0))
}

export function internalTopicsOf(
  subTopologies: readonly SubTopology[],
  taskCounts: TaskCounts,
): readonly InternalTopic[] {
  return subTopologies.flatMap(({ id, sources, stores }) => {
    const repartitionTopics = sources.flatMap(({ topic, repartition }) => {
      if (repartition === undefined) return []
      const partitions = repartitionPartitions(repartition, subTopologies, taskCounts)
      return [{ name: topic, partitions, config: REPARTITION_CONFIG }]
    })
    const changelogTopics = stores.flatMap(({ changelogTopic: name, ...store }) => {
      if (name === undefined) return []
      return [{ name, partitions: taskCounts.get(id) ?? 0, config: changelogConfig(store) }]
    })
    return [...repartitionTopics, ...changelogTopics]
  })
}
