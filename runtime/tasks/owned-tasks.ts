import type { TopicPartition } from '../broker/broker.ts'
import { partitionKey } from '../broker/partition-key.ts'
import type { RuntimeConfig } from '../config.ts'
import type { Clock } from '../platform/clock.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import { Generator } from './generator.ts'
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

export const ownedGenerators = (
  owned: readonly TopicPartition[],
  { inputs }: RuntimeConfig,
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
): readonly Generator[] =>
  inputs
    .filter(({ generator }) => generator !== undefined)
    .filter((input) =>
      owned.some(({ topic, partition }) => topic === input.topic && partition === 0),
    )
    .map((input) => new Generator(input, clock, random))
