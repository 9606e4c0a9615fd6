import type { TableMapValuesNode } from '../topology/table-nodes.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Forward, Processor } from './processor.ts'

/** Both the new value and the old one; there is nothing to make of a row that is not there. */
export function tableMapValuesProcessor(
  { mapper }: TableMapValuesNode,
  forward: Forward,
): Processor {
  const mapped = (row: FlowRecord) => (row.value === null ? null : mapper(row))
  return {
    process(record) {
      forward(record.withChange(mapped(record), mapped(record.withValue(record.oldValue))))
    },
  }
}
