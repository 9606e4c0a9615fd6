import type { TopicPartition } from '../broker/broker.ts'
import type { StateStore } from '../state/store.ts'
import type { StoreSpec } from '../topology/store-spec.ts'

/** A store of a task, and where its changes are written. */
export interface Changelog extends TopicPartition {
  readonly store: StateStore
  readonly spec: StoreSpec
  /** The store has all that lies before this offset; undefined: what it has is of no use. */
  position: number | undefined
  /** Of the topic that the position is of, where brokers tell. */
  topicId: string | undefined
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
    if (topic === undefined || store === undefined) return []
    return [{ store, spec, topic, partition, position: undefined, topicId: undefined }]
  })

/** Records that the stores have, over all changelogs; 0 where one of them has nothing of use. */
export const positionSum = (changelogs: readonly Changelog[]): number =>
  changelogs.reduce((sum, { position = 0 }) => sum + position, 0)
