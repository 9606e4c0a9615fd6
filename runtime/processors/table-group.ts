import type { Change } from '../serde/change.ts'
import { isSameKey } from '../serde/key.ts'
import type { TableGroupNode } from '../topology/table-nodes.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Forward, Processor } from './processor.ts'

/**
 * As Kafka Streams' KTableRepartitionMap: one message where the key stays, else one that takes the old value from its key and
 * then one that adds the new value to its own. A row without value or of no new key has no part in any.
 */
export function tableGroupProcessor({ selector }: TableGroupNode, forward: Forward): Processor {
  const keyOf = (row: FlowRecord): unknown => (row.value === null ? null : (selector(row) ?? null))
  return {
    process(record) {
      const { value, oldValue } = record
      const [newKey, oldKey] = [keyOf(record), keyOf(record.withValue(oldValue))]
      const send = (key: unknown, change: Change) => {
        if (key !== null) forward(record.withKey(key).withValue(change))
      }
      if (isSameKey(newKey, oldKey)) return send(newKey, { newValue: value, oldValue })
      send(oldKey, { newValue: null, oldValue })
      send(newKey, { newValue: value, oldValue: null })
    },
  }
}
