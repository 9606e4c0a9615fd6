import type { InputConfig, OutputConfig, RuntimeConfig, StepConfig } from '../config.ts'
import type { Problem } from '../errors.ts'
import { hint } from '../platform/did-you-mean.ts'
import type { TopologyNode } from './nodes.ts'
import { keyChanged } from './repartitioning.ts'
import { nodesOfStep } from './step-nodes.ts'
import { type Topology, topologyOf } from './topology.ts'

/** Builds the topology of a declarative job and collects every problem, not only the first. */
export function topologyFromSteps(config: Pick<RuntimeConfig, 'inputs' | 'outputs' | 'steps'>): {
  readonly topology: Topology
  readonly problems: readonly Problem[]
} {
  const problems: Problem[] = []
  const steps = config.steps ?? []
  const names = new Set([...config.inputs, ...steps].map(({ name }) => name))
  const nodes: TopologyNode[] = config.inputs.map(sourceNode)
  for (const { step, index } of parentsFirst(steps, config.inputs, problems)) {
    if (names.has(step.from))
      nodes.push(
        ...nodesOfStep(step, `steps[${index}]`, problems, (from) => keyChanged(nodes, from)),
      )
    else problems.push(unknownFrom(`steps[${index}].from`, step.from, names))
  }
  config.outputs.forEach(({ from = '', ...output }, index) => {
    if (names.has(from)) nodes.push(sinkNode({ from, ...output }, index))
    else problems.push(unknownFrom(`outputs[${index}].from`, from, names))
  })
  return {
    topology: topologyOf(nodes),
    problems: [...duplicates(config.inputs, steps), ...problems],
  }
}

export const sourceNode = ({
  name,
  topic,
  format,
  keyFormat,
  startFrom,
  generator,
}: InputConfig): TopologyNode => ({
  kind: 'source',
  name,
  topic,
  format,
  keyFormat,
  startFrom,
  ...(generator === undefined ? {} : { generator }),
})

const sinkNode = (
  { from, topic, format, keyFormat }: Required<OutputConfig>,
  index: number,
): TopologyNode => ({
  kind: 'sink',
  name: `outputs[${index}]`,
  parent: from,
  label: '',
  topic,
  format,
  keyFormat,
})

interface Placed {
  readonly step: StepConfig
  readonly index: number
}

/** Steps may be written in any order; a step that waits for itself is a cycle, named in full. */
function parentsFirst(
  steps: readonly StepConfig[],
  inputs: readonly InputConfig[],
  problems: Problem[],
): readonly Placed[] {
  const waiting = steps.map((step, index) => ({ step, index }))
  const placed: Placed[] = []
  const known = new Set(inputs.map(({ name }) => name))
  const names = new Set(steps.map(({ name }) => name))
  for (;;) {
    const next = waiting.findIndex(({ step }) => known.has(step.from) || !names.has(step.from))
    const [found] = next < 0 ? [] : waiting.splice(next, 1)
    if (found === undefined) break
    known.add(found.step.name)
    placed.push(found)
  }
  const [stuck] = waiting
  if (stuck !== undefined)
    problems.push({ path: `steps[${stuck.index}].from`, message: cycle(stuck.step, steps) })
  return placed
}

function cycle(start: StepConfig, steps: readonly StepConfig[]): string {
  const path = [start.name]
  let current: StepConfig | undefined = start
  while (current !== undefined) {
    const { from }: StepConfig = current
    if (path.includes(from)) {
      const loop = [from, ...path.slice(0, path.indexOf(from) + 1).reverse()]
      return `the steps form a cycle: ${loop.join(' → ')}; a step reads an input or an earlier step`
    }
    path.push(from)
    current = steps.find(({ name }) => name === from)
  }
  return `waits for "${start.from}", which never comes`
}

function duplicates(inputs: readonly InputConfig[], steps: readonly StepConfig[]): Problem[] {
  const seen = new Set(inputs.map(({ name }) => name))
  return steps.flatMap(({ name }, index) => {
    const taken = seen.has(name)
    seen.add(name)
    return taken
      ? [{ path: `steps[${index}].name`, message: `"${name}" is taken by another input or step` }]
      : []
  })
}

const unknownFrom = (path: string, from: string, names: ReadonlySet<string>): Problem => ({
  path,
  message: `there is no input or step "${from}".${hint(from, names)}`,
})
