import type { TableTableJoinNode } from '../topology/table-nodes.ts'
import type { Forward, Processor } from './processor.ts'
import { joinedRow, type TableView } from './table-view.ts'

/** As Kafka Streams' KTableKTable…Join. What comes of it is of the time of the later of the two rows. */
export const tableTableJoinProcessor = (
  node: TableTableJoinNode,
  other: TableView,
  forward: Forward,
): Processor => ({
  process(record) {
    const key = record.keyBytes()
    if (key === null) return
    const { value, oldValue } = record
    const met = other.get(key, record)
    // No row was there before, and none is now.
    if (met === undefined && (node.needsOther || (value === null && oldValue === null))) return
    const row = met?.value ?? null
    const change = record.withChange(joinedRow(node, value, row), joinedRow(node, oldValue, row))
    forward(change.withTimestamp(Math.max(record.timestamp, met?.timestamp ?? -1)))
  },
})
