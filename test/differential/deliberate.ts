import type { Case, Op } from './case.ts'
import { resultsOf, shapesOf, takenBy } from './features.ts'

/**
 * Why both sides may answer a case differently; undefined where they must not, as on all named cases. Each is a choice of
 * Millrace's, told of in docs/differences-from-kafka-streams.md; what is not here is a fault.
 */
export const deliberateDifference = (one: Case): string | undefined =>
  choices.find(({ concerns }) => concerns(one))?.why

interface Choice {
  /** With the class of Kafka Streams 3.9.1 that does otherwise. */
  readonly why: string
  readonly concerns: (one: Case) => boolean
}

const choices: readonly Choice[] = [
  {
    why: 'the first update of an aggregate has no old value; KStreamAggregate and its like give the initial value as one, though it was never a row',
    concerns: ({ ops }) =>
      looksAtOldOf(ops, ({ op }) => op === 'count' || op === 'aggregate', asked(ops)),
  },
  {
    why: 'the old value of an update is what the one before it gave; KStreamSlidingWindowAggregate gives what a new window begins with, KStreamSessionWindowAggregate none for a session that stays where it is',
    concerns: ({ ops }) => looksAtOldOf(ops, (op) => slides(ops, op), asked(ops)),
  },
  {
    why: 'what suppress lets go replaces what it let go before; InMemoryTimeOrderedKeyValueChangeBuffer takes back what was held back, and never sent',
    concerns: ({ ops }) => looksAtOldOf(ops, ({ op }) => op === 'suppress', LOOKS_AT_OLD),
  },
  {
    why: 'what suppress lets go is a row by then; InMemoryTimeOrderedKeyValueChangeBuffer holds it until all have heard of it',
    concerns: ({ ops }) =>
      ops.some((op) => takenBy(op).some((name) => looksAtItself(ops, op, name))),
  },
  {
    // All of this takes records that come out of order.
    why: 'a window that was emitted as it closed is final; KStreamSessionWindowAggregate may let a session grow and emit it again, and KStreamSlidingWindowAggregate emits nothing at a record of the first times and keeps windows that close as they begin',
    concerns: ({ ops, inputs }) =>
      ops.some(
        (op) =>
          isFinalOfRecords(op) && (!isInOrder(inputs) || comesFrom(ops, op.from, isOutOfOrder)),
      ),
  },
  {
    why: 'a window that was emitted as it closed is forgotten; the stores of Kafka Streams keep it for a day here, so that it is there to be emitted',
    concerns: ({ ops }) =>
      ops.some(
        (op) =>
          (op.op === 'joinTable' || op.op === 'joinTables') &&
          takenBy(op).some((name) => comesFrom(ops, name, isEmittedOnClose)),
      ),
  },
  {
    why: 'a left row is never left with what it was joined with before; ResponseJoinProcessorSupplier may leave it so if it changes twice before it is answered',
    concerns: ({ ops }) =>
      ops.some(
        (op) =>
          op.op === 'joinForeign' && op.kind === 'inner' && comesFrom(ops, op.from, isManifold),
      ),
  },
  {
    why: 'the old value of a row is what its store had; KTableKTableJoinMerger gives what the joiner makes of both sides before, though the same record has changed the other side as well',
    concerns: ({ ops }) =>
      looksAtOldOf(
        ops,
        (op) => op.op === 'joinTables' && op.store === true && meetsItself(ops, op),
        LOOKS_AT_OLD,
      ),
  },
  {
    why: 'toStream is no step of its own, so that where its stream meets what was made of the same table, it comes behind that; KTableImpl gives it a place where it is called',
    concerns: ({ ops }) => ops.some((op) => meetsWhatIsLater(ops, op)),
  },
  {
    why: 'twice the updates of one table are one stream, which merges with itself into itself; KTableImpl gives two streams',
    concerns: ({ ops }) =>
      ops.some(
        (op) =>
          op.op === 'merge' &&
          op.from !== op.other &&
          updatesOf(ops, op.from) === updatesOf(ops, op.other),
      ),
  },
]

const LOOKS_AT_OLD: readonly Op['op'][] = [
  'filter',
  'filterNot',
  'groupBy',
  'joinTables',
  'joinForeign',
]

/** True if both sides come of one. */
const meetsItself = (ops: readonly Op[], join: Extract<Op, { op: 'joinTables' }>): boolean =>
  ops.some((above) => {
    const isIt = (one: Op) => one === above
    return comesFrom(ops, join.from, isIt) && comesFrom(ops, join.other, isIt)
  })

/** True if a stream of a table's updates, or what was made of it, meets what was made of the table after that stream. */
function meetsWhatIsLater(ops: readonly Op[], meeting: Op): boolean {
  const [one, other] = takenBy(meeting)
  if (one === undefined || other === undefined) return false
  return ops.some((stream, at) => {
    if (stream.op !== 'toStream') return false
    const isIt = (op: Op) => op === stream
    const isItsTable = ({ name }: Op) => name === stream.from
    const isNotIt = (name: string) => name !== stream.name
    const isLater = (op: Op) =>
      ops.indexOf(op) > at &&
      takenBy(op).some((name) => isNotIt(name) && comesFrom(ops, name, isItsTable, isNotIt))
    return (
      (comesFrom(ops, one, isIt) && comesFrom(ops, other, isLater)) ||
      (comesFrom(ops, other, isIt) && comesFrom(ops, one, isLater))
    )
  })
}

/** A join of tables cares for what a row was only where there may be none now. */
const asked = (ops: readonly Op[]): readonly Op['op'][] =>
  ops.some((op) => Object.values(op).some((text) => typeof text === 'string' && isNullable(text)))
    ? LOOKS_AT_OLD
    : LOOKS_AT_OLD.filter((op) => op !== 'joinTables')

/** `last` gives a value as it came. */
const isNullable = (fn: string): boolean => fn.startsWith('nullIf') || fn === 'last'

const isEmittedOnClose = (op: Op): boolean => op.op === 'windowedBy' && op.emit === 'close'

type WindowedBy = Extract<Op, { op: 'windowedBy' }>

const isFinalOfRecords = (op: Op): op is WindowedBy =>
  op.op === 'windowedBy' && op.emit === 'close' && ['session', 'sliding'].includes(op.window.type)

const isInOrder = (inputs: Case['inputs']): boolean =>
  inputs.every(({ ts }, index) => ts >= (inputs[index - 1]?.ts ?? 0))

/** Gives records of earlier times than it gets, even if those are in order. */
const isOutOfOrder = ({ op }: Op): boolean =>
  ['windowedBy', 'suppress', 'join', 'joinForeign'].includes(op)

/** May give several updates of a key for one record. */
const isManifold = ({ op }: Op): boolean =>
  [
    ...['flatMap', 'flatMapValues', 'merge', 'join', 'windowedBy', 'suppress'],
    ...['joinTables', 'joinForeign'],
  ].includes(op)

/** The table whose updates a stream is, or the stream. */
function updatesOf(ops: readonly Op[], name: string): string {
  const op = ops.find((candidate) => candidate.name === name)
  return op?.op === 'toStream' ? op.from : name
}

/** A sliding window begins with what lies in it, as if that had been its value; one of a session never has an old value. */
const slides = (ops: readonly Op[], op: Op): boolean =>
  'from' in op &&
  ops.some(
    (above) =>
      above.op === 'windowedBy' &&
      above.name === op.from &&
      ['sliding', 'session'].includes(above.window.type),
  )

/**
 * True if an operation that looks at old values has those of a table that comes from one like that, by way of tables. A table
 * that is suppressed has the old value as its row for as long as the new one waits.
 */
function looksAtOldOf(
  ops: readonly Op[],
  isOrigin: (op: Op) => boolean,
  looking: readonly Op['op'][],
): boolean {
  const isTable = tablesOf(ops)
  const comesBy = (name: string, origin: (op: Op) => boolean) =>
    isTable(name) && comesFrom(ops, name, origin, isTable)
  const isHeldBack = (op: Op) => op.op === 'suppress' && comesBy(op.from, isOrigin)
  return ops.some(
    (op) =>
      (looking.includes(op.op) && takenBy(op).some((name) => comesBy(name, isOrigin))) ||
      (isJoin(op) && takenBy(op).some((name) => comesBy(name, isHeldBack))),
  )
}

/** True if the operation is a join that looks into a table of what was suppressed for something that comes of the same. */
function looksAtItself(ops: readonly Op[], join: Op, table: string): boolean {
  const isTable = tablesOf(ops)
  if (!isJoin(join) || !isTable(table)) return false
  return ops.some((op) => {
    const isIt = (above: Op) => above === op
    return (
      op.op === 'suppress' &&
      comesFrom(ops, table, isIt, isTable) &&
      takenBy(join).some((name) => name !== table && comesFrom(ops, name, isIt))
    )
  })
}

const isJoin = ({ op }: Op): boolean => op.startsWith('join')

function tablesOf(ops: readonly Op[]): (name: string) => boolean {
  const shapes = shapesOf(ops)
  return (name) => shapes.get(name) === 'table'
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
