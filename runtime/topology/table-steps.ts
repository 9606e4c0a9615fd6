import type { StepConfig } from '../config.ts'
import { aggregateOf, requireReversible } from './aggregate-fields.ts'
import type { FieldCompiler } from './field-compiler.ts'
import { foreignKeyJoinNodes } from './foreign-key-nodes.ts'
import { fromExpression } from './from-expression.ts'
import { joinedUnder } from './joined-value.ts'
import type { TopologyNode } from './nodes.ts'
import { valueProjection } from './projection.ts'
import { type Operation, operationsOf } from './step-operations.ts'
import { tableTableJoinNodes } from './table-joins.ts'

/** What a step does to a stream and not to a table, which has one row a key. */
const OF_STREAMS = ['merge', 'flatMap', 'keyBy', 'repartition', 'branches'] as const

/** The operations of a step over a table, in their order. */
export function tableOperationsOf(step: StepConfig, compiler: FieldCompiler): readonly Operation[] {
  for (const field of OF_STREAMS) {
    if (step[field] === undefined) continue
    const message = `a table has no ${field}: put a step with \`as: Stream\` before, or group the table by the new key`
    compiler.fail(field, message)
  }
  if (compiler.failed) return []
  const { groupBy, aggregate, ...rest } = step
  const ofRows = operationsOf(rest, compiler, false).map(ofTable)
  const operations = [...ofRows, ...grouped({ ...step, groupBy, aggregate }, compiler)]
  // The updates bear a name of their own, so that later steps take them for a stream.
  if (operations.length > 0 || step.as !== 'Stream') return operations
  return [{ kind: 'to-stream', part: 'stream', label: '' }]
}

/** The same for rows as for records: both values of an update. */
function ofTable(operation: Operation): Operation {
  switch (operation.kind) {
    case 'filter':
      return { ...operation, kind: 'table-filter', keeps: true }
    case 'filter-not':
      return { ...operation, kind: 'table-filter', keeps: false }
    case 'map-values':
      return { ...operation, kind: 'table-map-values' }
    case 'project': {
      const { projection, ...rest } = operation
      const project = valueProjection(projection)
      return { ...rest, kind: 'table-map-values', mapper: ({ value }) => project(value) }
    }
    default:
      throw new Error(`a table has no ${operation.kind}`)
  }
}

function grouped(
  { name, groupBy, aggregate }: StepConfig,
  compiler: FieldCompiler,
): readonly Operation[] {
  if (groupBy === undefined && aggregate === undefined) return []
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
    { kind: 'table-aggregate', part: 'aggregate', label, initializer, aggregator, subtractor, result },
  ]
}

/** The nodes of a step that joins its table with another; the last one bears its name. */
export function joinedTableNodes(
  { name, from = '', join }: StepConfig,
  compiler: FieldCompiler,
): readonly TopologyNode[] {
  if (join === undefined) return []
  const { table: right, on, as, type } = join
  const place = { name, left: from, right, joiner: joinedUnder(as) }
  if (on === undefined) return tableTableJoinNodes({ ...place, label: `${type} with ${right}`, type })
  if (type === 'Outer') {
    return compiler.fail('join.type', 'a join by a foreign key is Inner or Left, not Outer')
  }
  const expression = compiler.expression('join.on', on)
  if (expression === undefined) return []
  const label = `${type} with ${right} on ${on}`
  return foreignKeyJoinNodes({ ...place, label, type, foreignKey: fromExpression(expression) })
}
