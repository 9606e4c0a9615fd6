import type { MapNode } from '../topology/nodes.ts'
import { keyAndValueOf } from './answers.ts'
import type { Forward, Processor } from './processor.ts'

export const mapProcessor = ({ mapper }: MapNode, forward: Forward): Processor => ({
  process(record) {
    const { key, value } = keyAndValueOf(mapper(record))
    forward(record.withKey(key).withValue(value))
  },
})
