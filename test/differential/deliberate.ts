import type { Case, Op } from './case.ts'
import { keysOf } from './keys.ts'
import { resultsOf, shapesOf, takenBy } from './features.ts'

/**
 * Why both sides need not agree on a case; undefined where they must. Each is a choice of Millrace's; what is not here is a
 * fault.
 */
export const deliberateDifference = (one: Case): string | undefined =>
  choices.find(({ concerns }) => concerns(one))?.why

interface Choice {
  readonly why: string
  readonly concerns: (one: Case) => boolean
}

const LOOKS_AT_OLD: readonly string[] = [
  'filter',
  'filterNot',
  'groupBy',
  'joinTables',
  'joinForeign',
]

const choices: readonly Choice[] = [
  {
    why: 'Kafka Streams gives the initial value of an aggregate as the old value of its first update, which was never a row',
    concerns: ({ ops }) =>
      looksAtOldOf(ops, (op) => op.op === 'count' || op.op === 'aggregate' || slides(ops, op)),
  },
  {
    why: 'what suppress lets go replaces what it let go before; Kafka Streams takes back what was held back, and never sent',
    concerns: ({ ops }) => looksAtOldOf(ops, ({ op }) => op === 'suppress'),
  },
  {
    why: 'a record without key goes through no topic of repartition or groupBy, where Kafka Streams lets it if a left or outer join comes later',
    concerns: ({ ops, inputs }) =>
      mayGive(ops, 'key', inputs) &&
      ops.some(
        (op) =>
          'kind' in op &&
          op.kind !== 'inner' &&
          takenBy(op).some((name) => comesFrom(ops, name, isMoved)),
      ),
  },
  {
    why: 'a time limit is longer than no time: an update that waits for nothing is written without suppress',
    concerns: ({ ops }) => ops.some((op) => op.op === 'suppress' && 'ms' in op && op.ms === 0),
  },
  {
    why: 'a record without value leaves the time of a join alone, as it does with the stores on disk of Kafka Streams',
    concerns: ({ ops, inputs }) =>
      ops.some(({ op }) => op === 'join') && mayGive(ops, 'value', inputs),
  },
]

/** Choices that show in rare cases of what the named cases compare. */
export const isAvoided = ({ ops }: Case): boolean =>
  // Of a row that keeps its foreign key 3.9.1 may leave a stale result; it is answered always, as by 3.9.0.
  // And a result that is none is told of only where there was one.
  ops.some((op) => op.op === 'joinForeign' && (op.kind === 'inner' || isNullable(op.joiner))) ||
  // A session that was emitted as it closed is final; Kafka Streams may let it grow and emit it again. And of a sliding
  // window that closes just as it begins it keeps what it never emits.
  ops.some(
    (op) =>
      op.op === 'windowedBy' &&
      op.emit === 'close' &&
      ['session', 'sliding'].includes(op.window.type),
  ) ||
  // Nothing joins the rows of windows yet, nor what suppress has let go.
  joinsWindows(ops) ||
  ops.some(
    (op) => op.op === 'joinTable' && comesFrom(ops, op.other, (above) => above.op === 'suppress'),
  ) ||
  // Twice the updates of one table are one stream here, which merges with itself into itself.
  ops.some((op) => op.op === 'merge' && updatesOf(ops, op.from) === updatesOf(ops, op.other))

function joinsWindows(ops: readonly Op[]): boolean {
  const keys = keysOf(ops)
  return ops.some(
    (op) =>
      op.op.startsWith('joinT') &&
      takenBy(op).some((name) => (keys.get(name)?.kind ?? 'plain') !== 'plain'),
  )
}

/** The table whose updates a stream is, or the stream. */
function updatesOf(ops: readonly Op[], name: string): string {
  const op = ops.find((candidate) => candidate.name === name)
  return op?.op === 'toStream' ? op.from : name
}

const isNullable = (fn: string): boolean => fn.startsWith('nullIf')
const isMoved = ({ op }: Op): boolean => op === 'repartition' || op === 'groupBy'

/** A sliding window begins with what lies in it, as if that had been its value; one of a session never has an old value. */
const slides = (ops: readonly Op[], op: Op): boolean =>
  'from' in op &&
  ops.some(
    (above) =>
      above.op === 'windowedBy' &&
      above.name === op.from &&
      ['sliding', 'session'].includes(above.window.type),
  )

/** True if an operation goes by the old values of a table that comes from one like that, by way of tables. */
function looksAtOldOf(ops: readonly Op[], isOrigin: (op: Op) => boolean): boolean {
  const shapes = shapesOf(ops)
  const isTable = (name: string) => shapes.get(name) === 'table'
  return ops.some(
    (op) =>
      LOOKS_AT_OLD.includes(op.op) &&
      takenBy(op).some((name) => isTable(name) && comesFrom(ops, name, isOrigin, isTable)),
  )
}

/** True if what bears the name comes from an operation like that, by way of results that are `through`. */
function comesFrom(
  ops: readonly Op[],
  name: string,
  isOrigin: (op: Op) => boolean,
  through: (name: string) => boolean = () => true,
): boolean {
  const op = ops.find((candidate) => resultsOf(candidate).includes(name))
  if (op === undefined) return false
  if (isOrigin(op)) return true
  return takenBy(op).some((above) => through(above) && comesFrom(ops, above, isOrigin, through))
}

/** True if some record may be without that part: as it comes, or by a function of the case. */
const mayGive = (ops: readonly Op[], part: 'key' | 'value', inputs: Case['inputs']): boolean =>
  inputs.some((record) => record[part] === null) ||
  ops.some((op) => Object.values(op).some((text) => typeof text === 'string' && isNullable(text)))
