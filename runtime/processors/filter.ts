import type { FilterNode } from '../topology/nodes.ts'
import type { Forward, Processor } from './processor.ts'

export const filterProcessor = ({ predicate }: FilterNode, forward: Forward): Processor => ({
  process(record) {
    if (predicate(record)) forward(record)
  },
})
