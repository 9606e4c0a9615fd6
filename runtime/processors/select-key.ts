import type { SelectKeyNode } from '../topology/nodes.ts'
import type { Forward, Processor } from './processor.ts'

export const selectKeyProcessor = ({ selector }: SelectKeyNode, forward: Forward): Processor => ({
  process(record) {
    forward(record.withKey(selector(record)))
  },
})
