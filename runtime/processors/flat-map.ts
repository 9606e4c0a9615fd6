import type { FlatMapNode } from '../topology/nodes.ts'
import { elementsOf, keyAndValueOf } from './answers.ts'
import type { Forward, Processor } from './processor.ts'

export const flatMapProcessor = ({ mapper }: FlatMapNode, forward: Forward): Processor => ({
  process(record) {
    for (const element of elementsOf(mapper(record))) {
      const { key, value } = keyAndValueOf(element)
      forward(record.withKey(key).withValue(value))
    }
  },
})
