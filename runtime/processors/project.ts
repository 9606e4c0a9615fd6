import type { ProjectNode } from '../topology/nodes.ts'
import { projectionOf } from '../topology/projection.ts'
import type { Forward, Processor } from './processor.ts'

export function projectProcessor({ projection }: ProjectNode, forward: Forward): Processor {
  const project = projectionOf(projection)
  return {
    process(record) {
      const value = record.value ?? null
      if (value === null) return forward(record)
      if (typeof value === 'object' && !Array.isArray(value)) {
        return forward(record.withValue(Object.fromEntries(project(Object.entries(value)))))
      }
      const type = Array.isArray(value) ? 'list' : typeof value
      throw new TypeError(`project needs an object with fields, not a ${type}`)
    },
  }
}
