import type { MapValuesNode } from '../topology/nodes.ts'
import type { Forward, Processor } from './processor.ts'

export const mapValuesProcessor = ({ mapper }: MapValuesNode, forward: Forward): Processor => ({
  process(record) {
    forward(record.withValue(mapper(record)))
  },
})
