import type { ProjectNode } from '../topology/nodes.ts'
import { valueProjection } from '../topology/projection.ts'
import type { Forward, Processor } from './processor.ts'

export function projectProcessor({ projection }: ProjectNode, forward: Forward): Processor {
  const project = valueProjection(projection)
  return {
    process(record) {
      const { value } = record
      // Its own bytes, not new ones.
      const isNothing = value === null || value === undefined
      forward(isNothing ? record : record.withValue(project(value)))
    },
  }
}
