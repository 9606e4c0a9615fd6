import type { Change } from '../serde/change.ts'
import type { KeyValueStore, Stored } from '../state/store.ts'
import type { TableAggregateNode } from '../topology/table-nodes.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Forward, Processor } from './processor.ts'

/** As Kafka Streams' KTableAggregate: takes the old value back first, then adds the new one. */
export function tableAggregateProcessor(
  { initializer, aggregator, subtractor, result }: TableAggregateNode,
  store: KeyValueStore,
  forward: Forward,
): Processor {
  const nextState = (record: FlowRecord, before: Stored | undefined): unknown => {
    const { newValue, oldValue } = record.value as Change
    const less =
      oldValue === null || before === undefined
        ? before?.value
        : subtractor(before.value, record.withValue(oldValue))
    if (newValue === null) return less
    return aggregator(less ?? initializer(), record.withValue(newValue))
  }
  const resultOf = (state: unknown) => (state === undefined ? null : result(state))
  return {
    process(record) {
      const key = record.keyBytes()
      if (key === null || record.value === null) return
      const before = store.get(key)
      const oldResult = resultOf(before?.value)
      const timestamp = Math.max(record.timestamp, before?.timestamp ?? -1)
      const state = nextState(record, before) ?? undefined
      // A key that is gone goes at the time of the record: as Kafka Streams writes it to the changelog.
      store.put(key, state, state === undefined ? record.timestamp : timestamp)
      forward(record.withChange(resultOf(state), oldResult).withTimestamp(timestamp))
    },
  }
}
