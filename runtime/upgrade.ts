import type { RuntimeConfig } from './config.ts'
import { topologyFromSteps } from './topology/from-steps.ts'
import { classifyChange, type ShapeChange } from './topology/shape-change.ts'
import { shapeOf } from './topology/topology-shape.ts'

export type { ChangeReason, ShapeChange } from './topology/shape-change.ts'

/**
 * What a change of a job means for the state that it keeps. undefined where one of the two is a TypeScript file: what its
 * topology is shows only when it runs.
 */
export function changeOf(before: RuntimeConfig, after: RuntimeConfig): ShapeChange | undefined {
  if (before.steps === undefined || after.steps === undefined) return undefined
  return classifyChange(shapeIn(before), shapeIn(after))
}

const shapeIn = (config: RuntimeConfig) => shapeOf(topologyFromSteps(config).topology)
