import type { JoinConfig, StepConfig } from '../config.ts'
import { addField } from './add-field.ts'
import type { FieldCompiler } from './field-compiler.ts'
import { fromExpression } from './from-expression.ts'
import { type JoinInput, streamJoinNodes, tableJoinNodes } from './join-graph.ts'
import type { ValueJoiner } from './join-nodes.ts'
import { joinWindowOf, joinWithinText } from './join-window.ts'
import type { TopologyNode } from './nodes.ts'
import { keyChanged } from './repartitioning.ts'
import { tableStoreOf } from './table-stores.ts'

interface Place {
  readonly nodes: readonly TopologyNode[]
  readonly compiler: FieldCompiler
}

/** The nodes of a step that joins; none if it is wrong. `place.nodes`: those that are there already, both sides among them. */
export function nodesOfJoin(
  { name, from }: Pick<StepConfig, 'name' | 'from'>,
  join: JoinConfig,
  place: Place,
): readonly TopologyNode[] {
  const { stream, table } = join
  if (from === undefined) return place.compiler.fail('', 'a step with join takes its records by from')
  if (table !== undefined && stream === undefined) return tableJoin(name, from, { ...join, table }, place)
  if (stream !== undefined && table === undefined) return streamJoin(name, from, { ...join, stream }, place)
  return place.compiler.fail('join', 'meets one thing: write exactly one of stream and table')
}

function streamJoin(
  name: string,
  from: string,
  join: JoinConfig & { readonly stream: string },
  place: Place,
): readonly TopologyNode[] {
  const { type, as, stream, on, otherOn } = join
  const window = place.compiler.attempt('join', () => joinWindowOf(join))
  const left = inputOf(from, on, 'join.on', place)
  const right = inputOf(stream, otherOn, 'join.otherOn', place)
  if (window === undefined || place.compiler.failed) return []
  const label = `${stream}, ${joinWithinText(join)}`
  return streamJoinNodes({ name, label, left, right, type, window, joiner: fieldJoiner(as) })
}

function tableJoin(
  name: string,
  from: string,
  join: JoinConfig & { readonly table: string },
  place: Place,
): readonly TopologyNode[] {
  const { type, as, table, on } = join
  const left = inputOf(from, on, 'join.on', place)
  const store = tableStoreOf(place.nodes, table)
  if (store === undefined)
    return place.compiler.fail('join.table', `"${table}" is a stream, which has no value of a key: ${TABLES}`)
  const stranger = ONLY_OF_STREAMS.find((field) => join[field] !== undefined)
  if (stranger !== undefined)
    return place.compiler.fail(`join.${stranger}`, 'a record meets what the table has then: leave it out')
  if (type === 'Outer')
    return place.compiler.fail('join.type', 'a table has no records of its own to keep: write Inner or Left')
  if (place.compiler.failed) return []
  return tableJoinNodes({ name, label: table, left, type, joiner: fieldJoiner(as), ...store })
}

const TABLES = 'join its records by stream, or name a step that aggregates'
const ONLY_OF_STREAMS = ['within', 'before', 'after', 'grace', 'otherOn'] as const

function inputOf(
  tail: string,
  on: string | undefined,
  field: string,
  { nodes, compiler }: Place,
): JoinInput {
  const isKeyChanged = keyChanged(nodes, tail)
  const expression = compiler.expression(field, on)
  if (expression === undefined) return { tail, isKeyChanged }
  const selector = fromExpression(expression)
  return { tail, isKeyChanged, on: { label: expression.source, selector } }
}

/** The fields of the left value, and the right one as one field more. */
const fieldJoiner =
  (as: string): ValueJoiner =>
  (left, right) =>
    addField(left ?? {}, as, right ?? null)
