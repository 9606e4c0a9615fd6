import type { JoinConfig, StepConfig } from '../config.ts'
import { addField } from './add-field.ts'
import { aggregateOf, requireReversible } from './aggregate-fields.ts'
import type { FieldCompiler } from './field-compiler.ts'
import { type ForeignKeyJoin, foreignKeyJoinNodes } from './foreign-key-nodes.ts'
import { fromExpression } from './from-expression.ts'
import type { TopologyNode } from './nodes.ts'
import { valueProjection } from './projection.ts'
import type { StepScope } from './step-nodes.ts'
import { type Operation, operationsOf, repartitionOf, withoutAggregate } from './step-operations.ts'
import { tableTableJoinNodes } from './table-joins.ts'

/** What a step does to a stream and not to a table, which has one row a key. */
const OF_STREAMS = [
  'merge',
  'flatMap',
  'keyBy',
  'repartition',
  'deduplicate',
  'burst',
  'branches',
  'window',
] as const

/** The operations of a step over a table, in their order. */
export function tableOperationsOf(step: StepConfig, compiler: FieldCompiler): readonly Operation[] {
  for (const field of OF_STREAMS) {
    if (step[field] === undefined) continue
    const message = `a table has no ${field}: put a step with \`as: Stream\` before, or group the table by the new key`
    compiler.fail(field, message)
  }
  if (compiler.failed) return []
  const withoutGroups = { ...step, groupBy: undefined, aggregate: undefined, emit: undefined }
  const ofRows = operationsOf(withoutGroups, compiler, false).map(ofTable)
  const operations = [...ofRows, ...grouped(step, compiler)]
  // The updates bear a name of their own, so that later steps take them for a stream.
  if (operations.length > 0 || step.as !== 'Stream') return operations
  return [{ kind: 'to-stream', part: 'stream', label: '' }]
}

/** The same for rows as for records: both values of an update. */
function ofTable(operation: Operation): Operation {
  const { kind } = operation
  if (kind === 'filter') return { ...operation, kind: 'table-filter', keeps: true }
  if (kind === 'filter-not') return { ...operation, kind: 'table-filter', keeps: false }
  if (kind === 'map-values') return { ...operation, kind: 'table-map-values' }
  if (kind !== 'project') throw new Error(`a table has no ${kind}`)
  const { projection, part, label } = operation
  const project = valueProjection(projection)
  return { kind: 'table-map-values', part, label, mapper: ({ value }) => project(value) }
}

function grouped(
  { name, groupBy, aggregate, emit }: StepConfig,
  compiler: FieldCompiler,
): readonly Operation[] {
  if (groupBy === undefined && aggregate === undefined) return withoutAggregate({ emit }, compiler)
  if (groupBy === undefined || aggregate === undefined) {
    return compiler.fail('', 'groupBy and aggregate go together: write both')
  }
  const expression = compiler.expression('groupBy', groupBy)
  const fields = aggregateOf(aggregate, compiler)
  requireReversible(fields, compiler)
  if (expression === undefined || fields.subtractor === undefined) return []
  const { label, initializer, aggregator, subtractor, result } = fields
  const selector = fromExpression(expression)
  return [
    { kind: 'table-group', part: 'key', label: expression.source, selector },
    { kind: 'repartition', part: 'repartition', label: '', stem: name, carries: 'changes' },
    {
      kind: 'table-aggregate',
      part: 'aggregate',
      label,
      initializer,
      aggregator,
      subtractor,
      result,
      ...(emit && { emit }),
    },
  ]
}

/** What `as: Table` adds to a step over a stream; an aggregate is a table as it is. */
export function keptAsTable(
  { as, name, groupBy, keyBy, repartition, branches }: StepConfig,
  compiler: FieldCompiler,
  isKeyChanged: boolean,
): readonly Operation[] {
  if (as !== 'Table' || groupBy !== undefined) return []
  if (branches !== undefined) {
    return compiler.fail('as', 'branches are streams: make a table of one in a step of its own')
  }
  const moves = repartition === undefined && (isKeyChanged || keyBy !== undefined)
  return [...(moves ? [repartitionOf(name)] : []), { kind: 'to-table', part: 'table', label: '' }]
}

const OF_JOINED_STREAMS = ['stream', 'otherBy', 'within', 'before', 'after', 'grace'] as const

/** The nodes of a step that joins its table with another; the last one bears its name. */
export function joinedTableNodes(
  { name, from = '' }: StepConfig,
  join: JoinConfig,
  { compiler, tables }: StepScope,
): readonly TopologyNode[] {
  const stranger = OF_JOINED_STREAMS.find((field) => join[field] !== undefined)
  if (stranger !== undefined) {
    const message = `"${from}" is a table, which is joined by table alone: leave ${stranger} out, or put a step with \`as: Stream\` before`
    return compiler.fail(`join.${stranger}`, message)
  }
  const { table: right = '', by, as, type } = join
  if (!tables.has(right)) {
    const message = `"${from}" is a table, which is joined with tables: "${right}" is none; put a step with \`as: Table\` before`
    return compiler.fail('join.table', message)
  }
  const joiner = (row: unknown, met: unknown) => addField(row ?? {}, as, met)
  const place = { name, left: from, right, joiner }
  if (by === undefined) return tableTableJoinNodes({ ...place, label: `${type}, ${right}`, type })
  return joinedByForeignKey(
    { ...place, label: `${type}, ${right} by ${by}` },
    { by, type },
    compiler,
  )
}

function joinedByForeignKey(
  place: Omit<ForeignKeyJoin, 'type' | 'foreignKey'>,
  { by, type }: { readonly by: string; readonly type: JoinConfig['type'] },
  compiler: FieldCompiler,
): readonly TopologyNode[] {
  if (type === 'Outer') {
    return compiler.fail('join.type', 'a join by a key of the values is Inner or Left, not Outer')
  }
  const expression = compiler.expression('join.by', by)
  if (expression === undefined) return []
  return foreignKeyJoinNodes({ ...place, type, foreignKey: fromExpression(expression) })
}
