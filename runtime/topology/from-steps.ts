import type { RuntimeConfig, StepConfig } from '../config.ts'
import type { Problem } from '../errors.ts'
import { hint } from '../platform/did-you-mean.ts'
import { FieldCompiler } from './field-compiler.ts'
import { feedbackProblems } from './feedback.ts'
import type { TopologyNode } from './nodes.ts'
import { keyChanged } from './repartitioning.ts'
import { sinksOf } from './sink-nodes.ts'
import { sourceNodes } from './source-node.ts'
import { nodesOfStep } from './step-nodes.ts'
import { duplicates, originsOf, parentsFirst } from './step-order.ts'
import { type Topology, topologyOf } from './topology.ts'
import { lateName } from './window-nodes.ts'

/** Builds the topology of a declarative job and collects every problem, not only the first. */
export function topologyFromSteps(config: Pick<RuntimeConfig, 'inputs' | 'outputs' | 'steps'>): {
  readonly topology: Topology
  readonly problems: readonly Problem[]
} {
  const problems: Problem[] = []
  const steps = config.steps ?? []
  const names = new Set([...config.inputs.map(({ name }) => name), ...steps.flatMap(namesOf)])
  const nodes: TopologyNode[] = [...sourceNodes(config.inputs, problems)]
  for (const { step, index } of parentsFirst(steps, config.inputs, problems)) {
    const path = `steps[${index}]`
    const unknown = unknownOrigins(step, path, names)
    problems.push(...unknown)
    if (unknown.length > 0) continue
    const isKeyChanged = (from: string) => keyChanged(nodes, from)
    nodes.push(...nodesOfStep(step, new FieldCompiler(path, problems), isKeyChanged))
  }
  config.outputs.forEach((output, index) => {
    const unknown = unknownOrigins(output, `outputs[${index}]`, names)
    problems.push(...unknown)
    if (unknown.length === 0) nodes.push(...sinksOf(output, { index, nodes, problems }))
  })
  const topology = topologyOf(nodes)
  problems.push(...duplicates(config.inputs, steps), ...feedbackProblems(topology, 'outputs'))
  return { topology, problems }
}

/** By which later steps may take from a step. */
const namesOf = ({ name, branches, window }: StepConfig): readonly string[] =>
  branches?.map((branch) => `${name}.${branch.name}`) ??
  (window === undefined ? [name] : [name, lateName(name)])

function unknownOrigins(
  taking: Pick<StepConfig, 'from' | 'merge'>,
  path: string,
  names: ReadonlySet<string>,
): readonly Problem[] {
  const origins = originsOf(taking)
  if (origins.length === 0) return [{ path, message: 'takes records from nothing: write from' }]
  return origins.flatMap((origin, index) => {
    if (names.has(origin)) return []
    const field = taking.merge === undefined ? 'from' : `merge[${index}]`
    const branches = [...names].filter((name) => name.startsWith(`${origin}.`))
    const message =
      branches.length > 0
        ? `"${origin}" is split into branches: take from ${branches.join(' or ')}`
        : `there is no input or step "${origin}".${hint(origin, names)}`
    return [{ path: `${path}.${field}`, message }]
  })
}
