import type { TopicPartition } from '../broker/broker.ts'
import type { StateStore } from '../state/store.ts'
import type { StoreSpec } from '../topology/store-spec.ts'

/** A store of a task, and where its changes are written. */
export interface Changelog extends TopicPartition {
  readonly store: StateStore
  readonly spec: StoreSpec
}

/** Of the stores that have one. `stores` are those of `specs`, in their order. */
export const changelogsOf = (
  stores: readonly StateStore[],
  specs: readonly StoreSpec[],
  partition: number,
): readonly Changelog[] =>
  specs.flatMap((spec, index) => {
    const { changelogTopic: topic } = spec
    const store = stores[index]
    return topic === undefined || store === undefined ? [] : [{ store, spec, topic, partition }]
  })
