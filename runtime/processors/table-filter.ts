import type { TableFilterNode } from '../topology/table-nodes.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Forward, Processor } from './processor.ts'

/** A row that was not there and still is not makes no update. */
export function tableFilterProcessor(
  { predicate, keeps }: TableFilterNode,
  forward: Forward,
): Processor {
  const isKept = (row: FlowRecord) => row.value !== null && predicate(row) === keeps
  return {
    process(record) {
      const { oldValue } = record
      const isNow = isKept(record)
      const wasBefore = isKept(record.withValue(oldValue))
      if (!isNow && !wasBefore) return
      const before = wasBefore ? oldValue : null
      forward(isNow ? record.withOldValue(before) : record.withChange(null, before))
    },
  }
}
