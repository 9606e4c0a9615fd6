import type { TopicPartition } from '../broker/broker.ts'
import { partitionKey } from '../broker/partition-key.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import { tasksOf } from './group-assignor.ts'
import type { Counts } from './partition-counts.ts'
import { partitionsOf, type TaskId, taskName } from './task-id.ts'

export interface OwnedTask {
  readonly id: TaskId
  readonly subTopology: SubTopology
}

export const everyTask = (
  subTopologies: readonly SubTopology[],
  counts: Counts,
): readonly OwnedTask[] =>
  tasksOf(subTopologies, counts).flatMap((id) => {
    const subTopology = subTopologies[id.subTopology]
    return subTopology === undefined ? [] : [{ id, subTopology }]
  })

/** The tasks that these partitions are of, by name. */
export function ownedTasks(
  owned: readonly TopicPartition[],
  subTopologies: readonly SubTopology[],
  counts: Counts,
): ReadonlyMap<string, OwnedTask> {
  const keys = new Set(owned.map(partitionKey))
  const isOurs = ({ id, subTopology }: OwnedTask) =>
    partitionsOf(id, subTopology, counts).some((one) => keys.has(partitionKey(one)))
  const ours = everyTask(subTopologies, counts).filter(isOurs)
  return new Map(ours.map((task) => [taskName(task.id), task]))
}
