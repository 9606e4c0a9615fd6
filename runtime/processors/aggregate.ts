import type { KeyValueStore } from '../state/store.ts'
import type { AggregateNode } from '../topology/nodes.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

/** Like Kafka Streams, drops a record whose key or value is null: there is nothing to group by, or nothing to add. */
export const aggregateProcessor = (
  { name, initializer, aggregator, result }: AggregateNode,
  store: KeyValueStore,
  { forward, dropped }: Pick<Wiring, 'forward' | 'dropped'>,
): Processor => ({
  process(record) {
    const key = record.keyBytes()
    if (key === null) return dropped(name, 'null-key')
    if (record.value === null) return dropped(name, 'null-value')
    const { value: before, timestamp: time } = store.get(key) ?? { value: undefined, timestamp: -1 }
    const oldResult = before === undefined ? null : result(before)
    const state = aggregator(before ?? initializer(), record) ?? undefined
    const timestamp = Math.max(record.timestamp, time)
    store.put(key, state, state === undefined ? record.timestamp : timestamp)
    const change = record.withChange(state === undefined ? null : result(state), oldResult)
    forward(untied(change).withTimestamp(timestamp))
  },
})

/** What has windows may be aggregated over all of them. */
const untied = (record: FlowRecord): FlowRecord =>
  record.window === null ? record : record.withWindow(null)
