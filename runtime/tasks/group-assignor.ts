import type { GroupAssignor, GroupSubscription, TopicPartition } from '../broker/broker.ts'
import { taskCountsOf } from '../topology/internal-topics.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import { assignTasks } from './assignor.ts'
import { partitionsOf, type TaskId, taskName } from './task-id.ts'

/** What a member tells the leader with its subscription. */
export interface MemberInfo {
  /** Names the process that the member is a thread of. */
  readonly process: string
  /** The tasks whose state it holds. */
  readonly tasks: readonly string[]
  /** How many partitions it has seen topics to have. What a member says anew makes the group share out anew. */
  readonly partitions?: Readonly<Record<string, number>>
}

export const encodeMemberInfo = (info: MemberInfo): Buffer => Buffer.from(JSON.stringify(info))

function decodeMemberInfo(userData: Buffer): Partial<MemberInfo> {
  try {
    return (JSON.parse(userData.toString('utf8')) ?? {}) as Partial<MemberInfo>
  } catch {
    return {} // a stranger: nothing to keep
  }
}

/** What a member has seen of topics; nothing if its words are not ours. */
export function partitionsSeenBy({ userData }: GroupSubscription): ReadonlyMap<string, number> {
  const seen = Object.entries(decodeMemberInfo(userData).partitions ?? {})
  return new Map(seen.filter(([, count]) => Number.isInteger(count)))
}

export function tasksOf(
  subTopologies: readonly SubTopology[],
  partitionCounts: ReadonlyMap<string, number>,
): readonly TaskId[] {
  const counts = taskCountsOf(subTopologies, partitionCounts)
  return subTopologies.flatMap(({ id }) =>
    Array.from({ length: counts.get(id) ?? 0 }, (_, partition) => ({ subTopology: id, partition })),
  )
}

/** Tasks are assigned as wholes; Kafka sees the partitions they are made of. */
export const groupAssignor =
  (subTopologies: readonly SubTopology[]): GroupAssignor =>
  (members, partitionCounts) => {
    const tasks = tasksOf(subTopologies, partitionCounts)
    const shares = assignTasks(
      tasks.map(taskName),
      members.map(({ memberId, instanceId, userData }) => {
        const identity = instanceId ?? memberId
        const { process = identity, tasks: previous = [] } = decodeMemberInfo(userData)
        return { memberId, identity, process, previous }
      }),
    )
    const byName = new Map(tasks.map((task) => [taskName(task), task]))
    const partitions = (name: string): TopicPartition[] => {
      const task = byName.get(name)
      const subTopology = subTopologies.find(({ id }) => id === task?.subTopology)
      if (task === undefined || subTopology === undefined) return []
      return partitionsOf(task, subTopology, partitionCounts)
    }
    return new Map([...shares].map(([memberId, names]) => [memberId, names.flatMap(partitions)]))
  }
