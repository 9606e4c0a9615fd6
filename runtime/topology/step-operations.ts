import type { StepConfig } from '../config.ts'
import { EvaluationFault } from '../expr/expression-error.ts'
import { typeName } from '../expr/values.ts'
import { addField } from './add-field.ts'
import { aggregateOf } from './aggregate-fields.ts'
import { durationMs } from './duration.ts'
import type { FieldCompiler } from './field-compiler.ts'
import { fromExpression, fromFields } from './from-expression.ts'
import { projectionText, repartitionText } from './node-labels.ts'
import type { RepartitionNode, SourceNode, TopologyNode } from './nodes.ts'
import { lateName } from './window-nodes.ts'
import { windowsOf } from './windows.ts'

/** What a node is before the step has given it its name and parent. `part` tells the nodes of one step apart. */
export type Operation = { readonly part: string } & Unplaced<TopologyNode>

type Unplaced<N> = N extends SourceNode ? never : Omit<N, 'name' | 'parent'>

/** The operations of a step in the order in which they are done, whatever the order in which they are written. */
export const operationsOf = (
  step: StepConfig,
  compiler: FieldCompiler,
  isKeyChanged: boolean,
): readonly Operation[] => [
  ...merge(step),
  ...condition('filter', step.filter, compiler),
  ...condition('filterNot', step.filterNot, compiler),
  ...flatMap(step, compiler),
  ...map(step, compiler),
  ...project(step, compiler),
  ...selectKey('keyBy', step.keyBy, compiler),
  ...repartition(step),
  ...deduplicate(step, compiler, isKeyChanged),
  ...burst(step, compiler, isKeyChanged),
  ...branches(step, compiler),
  ...aggregate(step, compiler, isKeyChanged),
]

const merge = ({ merge: parents }: StepConfig): Operation[] =>
  parents === undefined ? [] : [{ kind: 'merge', part: 'merge', label: '', parents }]

function condition(
  field: 'filter' | 'filterNot',
  source: string | undefined,
  compiler: FieldCompiler,
): Operation[] {
  const expression = compiler.expression(field, source)
  if (expression === undefined) return []
  const kind = field === 'filter' ? 'filter' : 'filter-not'
  const predicate = fromExpression(expression, yesOrNo)
  return [{ kind, part: kind, label: expression.source, predicate }]
}

function yesOrNo(answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer
  throw new EvaluationFault(`a condition answers true or false, not ${JSON.stringify(answer)}`)
}

function flatMap({ flatMap: source }: StepConfig, compiler: FieldCompiler): Operation[] {
  const expression = compiler.expression('flatMap', source)
  if (expression === undefined) return []
  const mapper = fromExpression(expression, (answer) => {
    if (Array.isArray(answer)) return answer as readonly unknown[]
    throw new EvaluationFault(`flatMap answers a list, not ${typeName(answer)}`)
  })
  return [{ kind: 'flat-map-values', part: 'flat-map', label: expression.source, mapper }]
}

function map({ map: sources }: StepConfig, compiler: FieldCompiler): Operation[] {
  if (sources === undefined) return []
  const fields = Object.entries(sources).flatMap(([name, source]) => {
    const expression = compiler.expression(`map.${name}`, source)
    return expression === undefined ? [] : [[name, expression] as const]
  })
  const label = Object.keys(sources).join(', ')
  return [{ kind: 'map-values', part: 'map', label, mapper: fromFields(fields) }]
}

function project({ project: projection }: StepConfig, compiler: FieldCompiler): Operation[] {
  if (projection === undefined) return []
  const newNames = Object.values(projection.rename ?? {})
  const twice = newNames.find((name, index) => newNames.indexOf(name) !== index)
  if (twice !== undefined) {
    return compiler.fail('project.rename', `two fields would be named "${twice}"`)
  }
  return [{ kind: 'project', part: 'project', label: projectionText(projection), projection }]
}

function selectKey(
  field: 'keyBy' | 'groupBy',
  source: string | undefined,
  compiler: FieldCompiler,
): Operation[] {
  const expression = compiler.expression(field, source)
  if (expression === undefined) return []
  const selector = fromExpression(expression)
  return [{ kind: 'select-key', part: 'key', label: expression.source, selector }]
}

const repartition = ({ name, repartition: options }: StepConfig): Operation[] =>
  options === undefined ? [] : [repartitionOf(name, options)]

export const repartitionOf = (
  stem: string,
  options: Pick<RepartitionNode, 'partitions'> = {},
): Operation => ({
  kind: 'repartition',
  part: 'repartition',
  label: repartitionText(options),
  stem,
  ...options,
})

/** Equal keys meet in one task before anything is remembered of them. */
const broughtToKey = (stem: string, isKeyChanged: boolean): Operation[] =>
  isKeyChanged ? [repartitionOf(stem)] : []

function deduplicate(
  { name, deduplicate: options }: StepConfig,
  compiler: FieldCompiler,
  isKeyChanged: boolean,
): Operation[] {
  if (options === undefined) return []
  const { by, within } = options
  const expression = compiler.expression('deduplicate.by', by)
  const withinMs = compiler.attempt('deduplicate.within', () => durationMs(within))
  if (withinMs === undefined) return []
  const label = `${by === undefined ? '' : `by ${by} `}within ${within}`
  const equal = expression === undefined ? {} : { by: fromExpression(expression) }
  return [
    ...broughtToKey(name, isKeyChanged),
    { kind: 'deduplicate', part: 'deduplicate', label, withinMs, ...equal },
  ]
}

function burst(
  { name, burst: options }: StepConfig,
  compiler: FieldCompiler,
  isKeyChanged: boolean,
): Operation[] {
  if (options === undefined) return []
  const { atLeast, within, as } = options
  const withinMs = compiler.attempt('burst.within', () => durationMs(within))
  if (withinMs === undefined) return []
  const label = `at least ${atLeast} within ${within}`
  const mapper = (value: unknown, count: number) => addField(value, as, count)
  return [
    ...broughtToKey(name, isKeyChanged),
    { kind: 'burst', part: 'burst', label, atLeast, withinMs, mapper },
  ]
}

function branches({ name, branches: ways }: StepConfig, compiler: FieldCompiler): Operation[] {
  if (ways === undefined) return []
  const compiled = ways.map(({ name: branch, when }, index) => {
    const expression = compiler.expression(`branches[${index}].when`, when)
    const predicate =
      expression === undefined ? {} : { predicate: fromExpression(expression, yesOrNo) }
    return { node: `${name}.${branch}`, ...predicate }
  })
  const label = ways
    .map(({ name: branch, when }) => (when === undefined ? branch : `${branch}: ${when}`))
    .join(', ')
  return [{ kind: 'split', part: 'split', label, branches: compiled }]
}

function aggregate(step: StepConfig, compiler: FieldCompiler, isKeyChanged: boolean): Operation[] {
  const { name, groupBy, aggregate: fields } = step
  if (groupBy === undefined && fields === undefined) return withoutAggregate(step, compiler)
  if (groupBy === undefined || fields === undefined) {
    return compiler.fail('', 'groupBy and aggregate go together: write both')
  }
  // Grouping by the key that the records already lie by needs no trip through a topic.
  const select = groupBy.trim() === 'key' ? [] : selectKey('groupBy', groupBy, compiler)
  const moves = select.length > 0 || isKeyChanged
  return [
    ...select,
    ...(moves ? [repartitionOf(name)] : []),
    ...aggregateNode(step, fields, compiler),
  ]
}

/** What is of an aggregate alone. */
export function withoutAggregate(
  { window, emit }: Pick<StepConfig, 'window' | 'emit'>,
  compiler: FieldCompiler,
): Operation[] {
  if (window !== undefined)
    compiler.fail('window', 'a window is of an aggregate: write groupBy and aggregate')
  if (emit !== undefined)
    compiler.fail('emit', 'emit is of an aggregate: write groupBy and aggregate')
  return []
}

function aggregateNode(
  { name, window, emit, as }: StepConfig,
  fields: Readonly<Record<string, string>>,
  compiler: FieldCompiler,
): Operation[] {
  const { merger, ...aggregate } = aggregateOf(fields, compiler)
  if (window === undefined)
    return [{ kind: 'aggregate', part: 'aggregate', ...aggregate, ...(emit && { emit }) }]
  if (emit !== undefined)
    return compiler.fail('emit', 'windows have their own emit: write it within window')
  const windows = compiler.attempt('window', () => windowsOf(window))
  if (windows === undefined) return []
  const { text, ...parts } = windows
  const label = `${text}: ${aggregate.label}`
  const node = { part: 'aggregate', ...aggregate, ...parts, label, late: lateName(name) }
  // Who has not asked for a table knows of no rows that go: the end of a session would look like a record without value.
  return [{ ...node, merger, retracts: as === 'Table' } as Operation]
}
