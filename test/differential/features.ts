import type { Op } from './case.ts'

/** What an operation gives. */
export type Shape =
  'stream' | 'table' | 'globalTable' | 'grouped' | 'groupedTable' | 'windowed' | 'sessions'

/**
 * An operation with what it is called on and its variant, such as `stream.filter`, `groupedTable.count` or
 * `stream.join.outer`: what a side either has or has not.
 */
export type Feature = string

/** Shape by name of the result. Throws when an operation takes what no operation before it gives. */
export function shapesOf(ops: readonly Op[]): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>()
  for (const op of ops) {
    const from = shapeBefore(op, shapes)
    for (const name of resultsOf(op)) shapes.set(name, shapeAfter(op, from))
  }
  return shapes
}

export function featuresOf(ops: readonly Op[]): ReadonlySet<Feature> {
  const shapes = shapesOf(ops)
  return new Set(ops.map((op) => featureOf(op, shapes)))
}

/** What a side that has only `covered` cannot run of a topology. */
export const lackingOf = (ops: readonly Op[], covered: ReadonlySet<Feature>): readonly Feature[] =>
  [...featuresOf(ops)].filter((feature) => !covered.has(feature))

export function featureOf(op: Op, shapes: ReadonlyMap<string, Shape>): Feature {
  const called = 'from' in op ? `${shapeBefore(op, shapes)}.${op.op}` : op.op
  const variant = variantOf(op)
  return variant === undefined ? called : `${called}.${variant}`
}

/** Names of what an operation takes. */
export const takenBy = (op: Op): readonly string[] => [
  ...('from' in op ? [op.from] : []),
  ...('other' in op ? [op.other] : []),
]

/** Names of what an operation gives: of a split, its branches. */
export function resultsOf(op: Op): readonly string[] {
  if (op.op !== 'split') return [op.name]
  const others = op.otherwise === undefined ? [] : [op.otherwise]
  const branches = [...op.branches.map(({ name }) => name), ...others]
  return branches.map((branch) => `${op.name}.${branch}`)
}

const KEEPING: readonly string[] = ['table', 'toTable', 'count', 'reduce', 'aggregate']

/** Names of the stores that the case itself names; those of global tables lie outside of tasks, and are not shown. */
export const storesOf = (ops: readonly Op[]): readonly string[] =>
  ops
    .filter((op) => (KEEPING.includes(op.op) || 'store' in op) && !('history' in op))
    .map(({ name }) => name)

function variantOf(op: Op): string | undefined {
  if (op.op === 'windowedBy')
    return op.emit === undefined ? op.window.type : `${op.window.type}.${op.emit}`
  if (op.op === 'suppress') return op.until
  if ('history' in op) return 'history'
  if ('kind' in op) return 'store' in op ? `${op.kind}.store` : op.kind
  return 'store' in op ? 'store' : undefined
}

function shapeBefore(op: Op, shapes: ReadonlyMap<string, Shape>): Shape {
  if (!('from' in op)) return 'stream'
  const shape = shapes.get(op.from)
  if (shape !== undefined) return shape
  throw new Error(`"${op.name}" takes from "${op.from}", which no operation before it gives`)
}

/** What is not here gives what it takes. */
const GIVES: Partial<Record<Op['op'], Shape>> = {
  table: 'table',
  globalTable: 'globalTable',
  count: 'table',
  reduce: 'table',
  aggregate: 'table',
  toTable: 'table',
  joinTables: 'table',
  joinForeign: 'table',
  toStream: 'stream',
}

function shapeAfter(op: Op, from: Shape): Shape {
  if (op.op === 'groupBy' || op.op === 'groupByKey')
    return from === 'table' ? 'groupedTable' : 'grouped'
  if (op.op === 'windowedBy') return op.window.type === 'session' ? 'sessions' : 'windowed'
  return GIVES[op.op] ?? from
}
