import type { JoinConfig, StepConfig } from '../config.ts'
import { addField } from './add-field.ts'
import { durationMs } from './duration.ts'
import { fromExpression } from './from-expression.ts'
import { type JoinInput, streamJoinNodes, tableJoinNodes } from './join-graph.ts'
import type { GlobalJoinNode } from './global-nodes.ts'
import type { ValueJoiner } from './join-nodes.ts'
import { joinWindowOf, joinWithinText } from './join-window.ts'
import type { TopologyNode } from './nodes.ts'
import { keyChanged } from './repartitioning.ts'
import type { StepScope } from './step-nodes.ts'

/** The nodes of a step that lets a stream meet something; none if it is wrong. */
export function nodesOfJoin(
  { name, from }: Pick<StepConfig, 'name' | 'from'>,
  join: JoinConfig,
  place: StepScope,
): readonly TopologyNode[] {
  const { stream, table } = join
  if (stream !== undefined && place.tables.has(stream))
    return place.compiler.fail('join.stream', `"${stream}" is a table: write join.table`)
  if (from === undefined)
    return place.compiler.fail('', 'a step with join takes its records by from')
  if (table !== undefined && stream === undefined)
    return tableJoin(name, from, { ...join, table }, place)
  if (stream !== undefined && table === undefined)
    return streamJoin(name, from, { ...join, stream }, place)
  return place.compiler.fail('join', 'meets one thing: write exactly one of stream and table')
}

function streamJoin(
  name: string,
  from: string,
  join: JoinConfig & { readonly stream: string },
  place: StepScope,
): readonly TopologyNode[] {
  const { type, as, stream, by, otherBy } = join
  const window = place.compiler.attempt('join', () => joinWindowOf(join))
  const left = inputOf(from, by, 'join.by', place)
  const right = inputOf(stream, otherBy, 'join.otherBy', place)
  if (window === undefined || place.compiler.failed) return []
  const label = `${stream}, ${joinWithinText(join)}`
  return streamJoinNodes({ name, label, left, right, type, window, joiner: fieldJoiner(as) })
}

function tableJoin(
  name: string,
  from: string,
  join: JoinConfig & { readonly table: string },
  place: StepScope,
): readonly TopologyNode[] {
  const { type, as, table, by, grace } = join
  if (!place.tables.has(table) && !place.globalTables.has(table))
    return place.compiler.fail(
      'join.table',
      `"${table}" is a stream, which has no value of a key: ${TABLES}`,
    )
  const stranger = ONLY_OF_STREAMS.find((field) => join[field] !== undefined)
  if (stranger !== undefined)
    return place.compiler.fail(
      `join.${stranger}`,
      'a record meets what the table has then: leave it out',
    )
  if (type === 'Outer')
    return place.compiler.fail(
      'join.type',
      'a table has no records of its own to keep: write Inner or Left',
    )
  if (place.globalTables.has(table)) return globalJoin(name, from, { ...join, table, type }, place)
  const left = inputOf(from, by, 'join.by', place)
  const graceMs =
    grace === undefined
      ? {}
      : { graceMs: place.compiler.attempt('join.grace', () => durationMs(grace)) }
  if (place.compiler.failed) return []
  const joiner = fieldJoiner(as)
  return tableJoinNodes({ name, label: table, left, type, joiner, table, ...graceMs })
}

/** Every task has the whole of the table: the records stay where they are, and keep their key. */
function globalJoin(
  name: string,
  parent: string,
  join: JoinConfig & Pick<GlobalJoinNode, 'table' | 'type'>,
  { compiler }: StepScope,
): readonly TopologyNode[] {
  const { type, as, table, by = 'key' } = join
  const expression = compiler.expression('join.by', by)
  if (expression === undefined) return []
  const selector = fromExpression(expression)
  const label = `${type}, ${table} by ${by}`
  const joiner = (value: unknown, row: unknown) => addField(value, as, row)
  return [{ kind: 'global-join', name, parent, label, table, selector, type, joiner }]
}

const TABLES = 'join its records by stream, or make a table of it by a step with `as: Table`'
const ONLY_OF_STREAMS = ['within', 'before', 'after', 'otherBy'] as const

function inputOf(
  tail: string,
  by: string | undefined,
  field: string,
  { nodes, compiler }: StepScope,
): JoinInput {
  const isKeyChanged = keyChanged(nodes, tail)
  const expression = compiler.expression(field, by)
  if (expression === undefined) return { tail, isKeyChanged }
  const selector = fromExpression(expression)
  return { tail, isKeyChanged, by: { label: expression.source, selector } }
}

/** The fields of the left value, and the right one as one field more. */
const fieldJoiner = (as: string): ValueJoiner =>
  Object.assign((left: unknown, right: unknown) => addField(left ?? {}, as, right ?? null), { as })
