import type { FilterNotNode } from '../topology/nodes.ts'
import type { Forward, Processor } from './processor.ts'

export const filterNotProcessor = ({ predicate }: FilterNotNode, forward: Forward): Processor => ({
  process(record) {
    if (!predicate(record)) forward(record)
  },
})
