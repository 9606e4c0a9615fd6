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
    const state = aggregator(store.get(key) ?? initializer(), record)
    store.put(key, state)
    forward(record.withValue(result(state)))
  },
})
