import type { Placement } from './placement.ts'

/** A placement of which nobody begins with what another has not ended. */
export interface Handover extends Placement {
  /** Tasks that others wait for. */
  readonly givesUp: readonly string[]
}

/**
 * Moves tasks in two steps, as cooperative rebalancing of Kafka does (KIP-429): one that a member goes on with is taken from
 * it first, and given to whom it is placed with by the rebalance that the member asks for when it has ended it. Until then
 * the other keeps what state of it it has.
 */
export function handOver(
  placements: ReadonlyMap<string, Placement>,
  kept: ReadonlyMap<string, readonly string[]>,
  hasState: (task: string) => boolean,
): ReadonlyMap<string, Handover> {
  const keepers = new Map([...kept].flatMap(([id, tasks]) => tasks.map((task) => [task, id])))
  const isFree = (task: string, id: string) => (keepers.get(task) ?? id) === id
  const waited = new Set(
    [...placements].flatMap(([id, { tasks }]) => tasks.filter((task) => !isFree(task, id))),
  )
  return new Map(
    [...placements].map(([id, { tasks, standbys, warmUps }]) => {
      const awaited = tasks.filter((task) => waited.has(task))
      return [
        id,
        {
          tasks: tasks.filter((task) => !waited.has(task)),
          standbys: [...standbys, ...awaited.filter(hasState)],
          warmUps,
          givesUp: (kept.get(id) ?? []).filter((task) => waited.has(task)),
        },
      ]
    }),
  )
}
