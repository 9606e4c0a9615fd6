import type { Carried } from '../serde/carried.ts'
import type { RepartitionNode } from './nodes.ts'
import { coPartitionGroups, partitionsWithin, requireCoPartitioned } from './co-partitioning.ts'
import { changelogConfig } from './store-spec.ts'
import type { SubTopology, SubTopologySource } from './sub-topologies.ts'

/** A topic that the job needs for itself. */
export interface InternalTopic {
  readonly name: string
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
}

/** What lies in a topic between sub-topologies → how its name ends, as in Kafka Streams. */
const ENDINGS: Readonly<Record<Carried, string>> = {
  values: 'repartition',
  changes: 'repartition',
  subscriptions: 'subscription-registration-topic',
  responses: 'subscription-response-topic',
}

/** `<applicationId>-<stem>-repartition`, or another ending for what is not grouped there. */
export const repartitionTopic = (
  applicationId: string,
  { stem, carries = 'values' }: Pick<RepartitionNode, 'stem' | 'carries'>,
): string => `${applicationId}-${stem}-${ENDINGS[carries]}`

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

interface Plan {
  readonly tasks: TaskCounts
  /** How many partitions the topic of a source has, or is to have. */
  readonly partitionsOf: (source: SubTopologySource) => number
}

/** `inputPartitions` holds the partition count of each input topic. Throws `InvalidJob` as `requireCoPartitioned` does. */
export const taskCountsOf = (
  subTopologies: readonly SubTopology[],
  inputPartitions: ReadonlyMap<string, number>,
): TaskCounts => planOf(subTopologies, inputPartitions).tasks

function planOf(
  subTopologies: readonly SubTopology[],
  inputPartitions: ReadonlyMap<string, number>,
): Plan {
  const tasks = new Map(subTopologies.map(({ id }) => [id, 0]))
  const groups = subTopologies.flatMap(coPartitionGroups)
  const given = ({ topic, repartition }: SubTopologySource) =>
    repartition === undefined ? (inputPartitions.get(topic) ?? 0) : repartition.partitions
  const natural = ({ repartition }: SubTopologySource) =>
    repartition === undefined ? 0 : tasksThatWrite(repartition, subTopologies, tasks)
  const partitionsOf = (source: SubTopologySource): number => {
    const group = groups.find(({ sources }) => sources.includes(source)) ?? { sources: [source] }
    return given(source) ?? partitionsWithin(group, { given, natural })
  }
  // Sub-topologies may feed each other in a ring: counts only grow, and never beyond the largest, so this ends.
  for (let grew = true; grew;) {
    grew = false
    for (const { id, sources } of subTopologies) {
      const count = Math.max(0, ...sources.map(partitionsOf))
      if (count === tasks.get(id)) continue
      tasks.set(id, count)
      grew = true
    }
  }
  requireCoPartitioned(subTopologies, partitionsOf)
  return { tasks, partitionsOf }
}

function tasksThatWrite(
  { parent }: RepartitionNode,
  all: readonly SubTopology[],
  tasks: TaskCounts,
): number {
  const writers = all.filter(({ nodes }) => nodes.some(({ name }) => name === parent))
  return Math.max(0, ...writers.map(({ id }) => tasks.get(id) ?? 0))
}

/** Throws as `taskCountsOf` does. */
export function internalTopicsOf(
  subTopologies: readonly SubTopology[],
  inputPartitions: ReadonlyMap<string, number>,
): readonly InternalTopic[] {
  const { tasks, partitionsOf } = planOf(subTopologies, inputPartitions)
  return subTopologies.flatMap(({ id, sources, stores }) => {
    const repartitionTopics = sources
      .filter(({ repartition }) => repartition !== undefined)
      .map((source) => ({
        name: source.topic,
        partitions: partitionsOf(source),
        config: REPARTITION_CONFIG,
      }))
    const changelogTopics = stores.flatMap(({ changelogTopic: name, ...store }) => {
      if (name === undefined) return []
      return [{ name, partitions: tasks.get(id) ?? 0, config: changelogConfig(store) }]
    })
    return [...repartitionTopics, ...changelogTopics]
  })
}
