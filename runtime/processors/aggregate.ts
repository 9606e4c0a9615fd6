import type { KeyValueStore } from '../state/store.ts'
import type { AggregateNode } from '../topology/nodes.ts'
import type { Forward, Processor } from './processor.ts'

/** Like Kafka Streams, drops a record whose key or value is null: there is nothing to group by, or nothing to add. */
export const aggregateProcessor = (
  { initializer, aggregator, result }: AggregateNode,
  store: KeyValueStore,
  forward: Forward,
): Processor => ({
  process(record) {
    const key = record.keyBytes()
    if (key === null || record.value === null) return
    const { value: before, timestamp: time } = store.get(key) ?? { value: undefined, timestamp: -1 }
    const oldResult = before === undefined ? null : result(before)
    const state = aggregator(before ?? initializer(), record) ?? undefined
    const timestamp = Math.max(record.timestamp, time)
    // A key that is gone goes at the time of the record: as Kafka Streams writes it to the changelog.
    store.put(key, state, state === undefined ? record.timestamp : timestamp)
    const change = record.withChange(state === undefined ? null : result(state), oldResult)
    forward(change.withTimestamp(timestamp))
  },
})
