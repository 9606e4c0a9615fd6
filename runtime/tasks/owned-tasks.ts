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

/** The tasks that these partitions are of, by name. */
export function ownedTasks(
  owned: readonly TopicPartition[],
  subTopologies: readonly SubTopology[],
  counts: Counts,
): ReadonlyMap<string, OwnedTask> {
  const keys = new Set(owned.map(partitionKey))
  return new Map(
    tasksOf(subTopologies, counts).flatMap((id) => {
      const subTopology = subTopologies[id.subTopology]
      if (subTopology === undefined) return []
      const isOurs = partitionsOf(id, subTopology, counts).some((p) => keys.has(partitionKey(p)))
      return isOurs ? [[taskName(id), { id, subTopology }] as const] : []
    }),
  )
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
