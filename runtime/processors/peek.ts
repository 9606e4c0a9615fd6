import type { PeekNode } from '../topology/nodes.ts'
import type { Forward, Processor } from './processor.ts'

export const peekProcessor = ({ action }: PeekNode, forward: Forward): Processor => ({
  process(record) {
    action(record)
    forward(record)
  },
})
