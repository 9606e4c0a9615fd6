import type { BrokerAdmin, GroupMember, PartitionOffset, TopicPartition } from '../broker/broker.ts'
import { partitionKey } from '../broker/partition-key.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import { identified, ownTopicsOf, withOwnTopicsNoted } from './own-topics.ts'
import type { Counts } from './partition-counts.ts'
import type { Task } from './task.ts'
import { partitionsOf } from './task-id.ts'
import type { WorkerOptions } from './worker-options.ts'

interface Reach {
  readonly member: GroupMember
  readonly admin: BrokerAdmin
}

/** Task → where it begins to read. Throws as `withOwnTopicsNoted`. */
export async function taskStarts(
  tasks: readonly Task[],
  options: WorkerOptions,
  { member, counts }: { readonly member: GroupMember; readonly counts: Counts },
): Promise<ReadonlyMap<Task, readonly PartitionOffset[]>> {
  const { broker, subTopologies, config } = options
  const { admin } = broker
  const starts = tasks.map(async (task) => {
    const { id, name } = task
    const subTopology = subTopologies[id.subTopology]
    if (subTopology === undefined) throw new Error(`task ${name} is of no sub-topology`)
    const partitions = partitionsOf(id, subTopology, counts)
    const positions = await startPositions(partitions, subTopology, { member, admin })
    const own = await identified(ownTopicsOf(subTopology, config.applicationId), admin)
    return [task, withOwnTopicsNoted(positions, own, { ...options, name })] as const
  })
  return new Map(await Promise.all(starts))
}

/** At what the group has committed, else where the input says. */
async function startPositions(
  partitions: readonly TopicPartition[],
  { sources }: SubTopology,
  { member, admin }: Reach,
): Promise<readonly PartitionOffset[]> {
  const committed = await member.committed(partitions)
  const known = new Set(committed.map(partitionKey))
  const startsLatest = (topic: string) =>
    sources.some((source) => source.topic === topic && source.startFrom === 'Latest')
  const fresh = Map.groupBy(
    partitions.filter((partition) => !known.has(partitionKey(partition))),
    ({ topic }) => (startsLatest(topic) ? ('latest' as const) : ('earliest' as const)),
  )
  const listed = await Promise.all([...fresh].map(([at, list]) => admin.listOffsets(list, at)))
  return [...committed, ...listed.flat()]
}
