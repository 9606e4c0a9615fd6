import type { GroupAssignor, TopicPartition } from '../broker/broker.ts'
import { taskCountsOf } from '../topology/internal-topics.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import { assignTasks } from './assignor.ts'
import { partitionsOf, type TaskId, taskName } from './task-id.ts'

/** What a member tells the leader with its subscription: the tasks whose state it holds. */
export const encodeTasks = (tasks: readonly string[]): Buffer => Buffer.from(JSON.stringify(tasks))

function decodeTasks(userData: Buffer): readonly string[] {
  try {
    return JSON.parse(userData.toString('utf8')) as string[]
  } catch {
    return [] // another version of us, or a stranger: nothing to keep
  }
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
      members.map(({ memberId, instanceId, userData }) => ({
        memberId,
        identity: instanceId ?? memberId,
        previous: decodeTasks(userData),
      })),
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
