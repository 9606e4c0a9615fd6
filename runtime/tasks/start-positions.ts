import type { BrokerAdmin, GroupMember, PartitionOffset, TopicPartition } from '../broker/broker.ts'
import { partitionKey } from '../broker/partition-key.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'

/** Where reading begins: at what the group has committed, else where the input says. */
export async function startPositions(
  partitions: readonly TopicPartition[],
  { sources }: SubTopology,
  { member, admin }: { readonly member: GroupMember; readonly admin: BrokerAdmin },
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
