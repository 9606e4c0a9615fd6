import { createStore } from '../state/create-store.ts'
import type { StateMemory } from '../state/state-memory.ts'
import type { StateStore } from '../state/store.ts'
import type { StoreSpec } from '../topology/store-spec.ts'
import { type Changelog, changelogsOf } from './changelog.ts'

/** The stores of one task. They outlive it where a standby goes on with them, and the other way round. */
export interface TaskStores {
  readonly stores: readonly StateStore[]
  readonly changelogs: readonly Changelog[]
  /** The latest time of what they have; -1: nothing. */
  readonly streamTime: number
}

/** Empty ones. `memory`: what they share with others, if that is bounded. */
export function openStores(
  specs: readonly StoreSpec[],
  partition: number,
  memory: StateMemory | undefined,
): TaskStores {
  const stores = specs.map((spec) => createStore(spec, memory))
  return { stores, changelogs: changelogsOf(stores, specs, partition), streamTime: -1 }
}

export function closeStores({ stores }: TaskStores): void {
  for (const store of stores) store.close?.()
}
