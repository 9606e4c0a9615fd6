import type { FlatMapValuesNode } from '../topology/nodes.ts'
import { elementsOf } from './answers.ts'
import type { Forward, Processor } from './processor.ts'

export const flatMapValuesProcessor = (
  { mapper }: FlatMapValuesNode,
  forward: Forward,
): Processor => ({
  process(record) {
    for (const value of elementsOf(mapper(record))) forward(record.withValue(value))
  },
})
