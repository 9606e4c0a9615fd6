import type { RepartitionNode } from './nodes.ts'
import type { SubTopology } from './sub-topologies.ts'

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

/** Kafka Streams' configs: a repartition topic is never trimmed by time, a changelog keeps the last value of each key. */
const REPARTITION_CONFIG = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'segment.bytes': '52428800',
  'message.timestamp.type': 'CreateTime',
} as const

const CHANGELOG_CONFIG = {
  'cleanup.policy': 'compact',
  'message.timestamp.type': 'CreateTime',
} as const

/** How many tasks each sub-topology has: the most partitions of any topic it reads. */
export type TaskCounts = ReadonlyMap<number, number>

/**
 * A repartition topic gets as many partitions as the sub-topology that writes it has tasks, through as many hops as
 * there are. `inputPartitions` holds the partition count of each input topic.
 */
export function taskCountsOf(
  subTopologies: readonly SubTopology[],
  inputPartitions: ReadonlyMap<string, number>,
): TaskCounts {
  const counts = new Map<number, number>()
  // Parents come before children, so every writer is counted before its readers.
  for (const subTopology of subTopologies) {
    const sizes = subTopology.sources.map((source) =>
      source.internal
        ? writerTasks(subTopologies, subTopology, source.node, counts)
        : (inputPartitions.get(source.topic) ?? 0),
    )
    counts.set(subTopology.id, Math.max(0, ...sizes))
  }
  return counts
}

function writerTasks(
  all: readonly SubTopology[],
  reader: SubTopology,
  node: string,
  counts: TaskCounts,
): number {
  const repartition = reader.nodes.find(
    (n): n is RepartitionNode => n.kind === 'repartition' && n.name === node,
  )
  const writers = all.filter(({ nodes }) => nodes.some(({ name }) => name === repartition?.parent))
  return Math.max(0, ...writers.map(({ id }) => counts.get(id) ?? 0))
}

export function internalTopicsOf(
  subTopologies: readonly SubTopology[],
  taskCounts: TaskCounts,
): readonly InternalTopic[] {
  return subTopologies.flatMap(({ id, sources, stores }) => {
    const partitions = taskCounts.get(id) ?? 0
    return [
      ...sources
        .filter((source) => source.internal)
        .map(({ topic }) => ({ name: topic, partitions, config: REPARTITION_CONFIG })),
      ...stores.map((store) => ({
        name: store.changelogTopic,
        partitions,
        config: CHANGELOG_CONFIG,
      })),
    ]
  })
}
