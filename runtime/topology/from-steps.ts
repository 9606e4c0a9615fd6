import type { InputConfig, RuntimeConfig, StepConfig } from '../config.ts'
import type { Problem } from '../errors.ts'
import { hint } from '../platform/did-you-mean.ts'
import { FieldCompiler } from './field-compiler.ts'
import { feedbackProblems } from './feedback.ts'
import { inputNodes } from './input-nodes.ts'
import { joinProblems } from './join-problems.ts'
import type { SourceNode } from './nodes.ts'
import { givesTable, nodesOfStep } from './step-nodes.ts'
import { sinksOf } from './sink-nodes.ts'
import { duplicates, joinedBy, originsOf, parentsFirst } from './step-order.ts'
import { type Topology, topologyOf } from './topology.ts'

/** Builds the topology of a declarative job and collects every problem, not only the first. */
export function topologyFromSteps(config: Pick<RuntimeConfig, 'inputs' | 'outputs' | 'steps'>): {
  readonly topology: Topology
  readonly problems: readonly Problem[]
} {
  const problems: Problem[] = []
  const steps = config.steps ?? []
  const names = new Set([...config.inputs.map(({ name }) => name), ...steps.flatMap(namesOf)])
  const globalTables = new Set(inputsAs('GlobalTable', config))
  const tables = new Set(inputsAs('Table', config))
  const nodes = config.inputs.flatMap((input) => inputNodes(sourceNode(input), input.as))
  for (const { step, index } of parentsFirst(steps, config.inputs, problems)) {
    const path = `steps[${index}]`
    const unknown = unknownOrigins(step, path, { names, globalTables })
    problems.push(...unknown)
    if (unknown.length > 0) continue
    const scope = { compiler: new FieldCompiler(path, problems), nodes, tables, globalTables }
    nodes.push(...nodesOfStep(step, scope))
    if (givesTable(step, scope)) tables.add(step.name)
  }
  config.outputs.forEach((output, index) => {
    const unknown = unknownOrigins(output, `outputs[${index}]`, { names, globalTables })
    problems.push(...unknown)
    if (unknown.length === 0) nodes.push(...sinksOf(output, index, problems))
  })
  const topology = topologyOf(nodes)
  problems.push(
    ...duplicates(config.inputs, steps),
    ...feedbackProblems(topology, 'outputs'),
    ...joinProblems(topology),
  )
  return { topology, problems }
}

export const sourceNode = ({
  name,
  topic,
  format,
  keyFormat,
  startFrom,
  generator,
}: InputConfig): SourceNode => ({
  kind: 'source',
  name,
  topic,
  format,
  keyFormat,
  startFrom,
  ...(generator === undefined ? {} : { generator }),
})

const inputsAs = (
  kind: InputConfig['as'],
  { inputs }: Pick<RuntimeConfig, 'inputs'>,
): readonly string[] => inputs.filter(({ as }) => as === kind).map(({ name }) => name)

/** By which later steps may take from a step. */
const namesOf = ({ name, branches }: StepConfig): readonly string[] =>
  branches?.map((branch) => `${name}.${branch.name}`) ?? [name]

function unknownOrigins(
  taking: Pick<StepConfig, 'from' | 'merge' | 'join'>,
  path: string,
  { names, globalTables }: Record<'names' | 'globalTables', ReadonlySet<string>>,
): readonly Problem[] {
  const { merge, join } = taking
  const origins = originsOf(taking).map(
    (origin, index) => [merge === undefined ? 'from' : `merge[${index}]`, origin] as const,
  )
  if (origins.length === 0) return [{ path, message: 'takes records from nothing: write from' }]
  const joined = joinedBy(taking).map(
    (name) => [name === join?.table ? 'join.table' : 'join.stream', name] as const,
  )
  return [...origins, ...joined].flatMap(([field, origin]) => {
    if (globalTables.has(origin) && field !== 'join.table') {
      const message = `"${origin}" is a global table, which has no records: a stream meets its rows by join.table`
      return [{ path: `${path}.${field}`, message }]
    }
    if (names.has(origin)) return []
    const branches = [...names].filter((name) => name.startsWith(`${origin}.`))
    const message =
      branches.length > 0
        ? `"${origin}" is split into branches: take from ${branches.join(' or ')}`
        : `there is no input or step "${origin}".${hint(origin, names)}`
    return [{ path: `${path}.${field}`, message }]
  })
}
