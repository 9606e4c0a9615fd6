import { isDeepStrictEqual } from 'node:util'
import type { Aggregation, Fn, Op, Window } from './case.ts'
import type { Dice, Growth, Move, Result } from './growth.ts'

const predicate = (dice: Dice): Fn => dice.one('valueAbove:2', 'keyIs:a', 'isNull', 'all')
const mapper = (dice: Dice): Fn =>
  dice.one('add:1', 'mod:3', 'wrap', 'withKey', 'tag:x', 'nullIf:3', 'same')
const selector = (dice: Dice): Fn =>
  dice.one('valueMod:3', 'field:f', 'same', 'constant:k', 'nullIf:4')
const expander = (dice: Dice): Fn => dice.one('repeat:2', 'upTo:2')
const joiner = (dice: Dice): Fn => dice.one('pair', 'sum', 'nullIf:3')
/** Null as a result is rare, for little comes after it. */
const reducer = (dice: Dice): Fn =>
  dice.one('sum', 'concat', 'last', 'first', 'sum', 'concat', 'nullIf:3')
const span = (dice: Dice): number => dice.one(5, 10, 1, 20, 7)
const grace = (dice: Dice): number => dice.one(0, 3, 10)

/** Of a result that fits, if there is one. */
const onOne = (
  choose: (grown: Growth) => readonly Result[],
  make: (from: Result, dice: Dice, grown: Growth) => readonly Op[],
): Move => {
  return (dice, grown) => {
    const from = dice.pick(choose(grown))
    return from === undefined ? [] : make(from, dice, grown)
  }
}

const anyStream = (grown: Growth) => grown.results('stream', { orWindowed: true })
const plainStream = (grown: Growth) => grown.results('stream')
const anyTable = (grown: Growth) => grown.results('table', { orWindowed: true })
const plainTable = (grown: Growth) => grown.results('table')

/** Of two results that fit; tables differ, streams need not. */
const onTwo = (
  chooseOne: (grown: Growth) => readonly Result[],
  chooseOther: (grown: Growth, from: Result) => readonly Result[],
  make: (ends: { readonly from: string; readonly other: string }, dice: Dice, name: string) => Op,
): Move =>
  onOne(chooseOne, (from, dice, grown) => {
    const other = dice.pick(chooseOther(grown, from))
    if (other === undefined) return []
    return [make({ from: from.name, other: other.name }, dice, grown.name())]
  })

const otherTable = (grown: Growth, { name }: Result) =>
  plainTable(grown).filter((table) => table.name !== name)

/** Another table whose keys are of the same windows, or of none as well. */
const tableLike = (grown: Growth, { name, keys }: Result) =>
  anyTable(grown).filter((table) => table.name !== name && isDeepStrictEqual(table.keys, keys))

const windowedTableLike = (grown: Growth, from: Result) =>
  tableLike(grown, from).filter(({ isWindowed }) => isWindowed)

const source: Move = (dice, grown) => {
  const index = grown.sources + 1
  if (index > 4) return []
  const op = dice.one('stream', 'table', 'globalTable')
  return [{ op, name: `in${index}`, topic: `in-${index}` }]
}

const streamSteps: readonly Move[] = [
  onOne(anyStream, ({ name: from }, dice, grown) => [
    { op: dice.one('filter', 'filterNot'), name: grown.name(), from, where: predicate(dice) },
  ]),
  onOne(anyStream, ({ name: from }, dice, grown) => [
    { op: 'mapValues', name: grown.name(), from, value: mapper(dice) },
  ]),
  onOne(anyStream, ({ name: from }, dice, grown) => [
    { op: 'map', name: grown.name(), from, key: selector(dice), value: mapper(dice) },
  ]),
  onOne(anyStream, ({ name: from }, dice, grown) => [
    { op: 'flatMap', name: grown.name(), from, key: selector(dice), expand: expander(dice) },
  ]),
  onOne(anyStream, ({ name: from }, dice, grown) => [
    { op: 'flatMapValues', name: grown.name(), from, expand: expander(dice) },
  ]),
  onOne(anyStream, ({ name: from }, dice, grown) => [
    { op: 'selectKey', name: grown.name(), from, key: selector(dice) },
  ]),
  onOne(anyStream, ({ name: from }, dice, grown) => [split(from, dice, grown.name())]),
  onOne(plainStream, ({ name: from }, _, grown) => [
    { op: 'repartition', name: grown.name(), from },
  ]),
  onOne(plainStream, ({ name: from }, _, grown) => [{ op: 'toTable', name: grown.name(), from }]),
  onTwo(plainStream, plainStream, (ends, _, name) => ({ op: 'merge', name, ...ends })),
]

function split(from: string, dice: Dice, name: string): Op {
  const branches = [
    { name: 'first', where: predicate(dice) },
    { name: 'second', where: predicate(dice) },
  ]
  const others = dice.one({ otherwise: 'rest' }, {})
  return { op: 'split', name, from, branches, ...others }
}

const aggregations: readonly Move[] = [
  onOne(plainStream, ({ name: from }, dice, grown) => {
    const grouping = groupingOf(from, dice, grown.name())
    return [grouping, aggregationOf(grouping.name, dice, grown.name())]
  }),
  onOne(plainStream, ({ name: from }, dice, grown) => {
    const grouping = groupingOf(from, dice, grown.name())
    const window = windowOf(dice)
    const windowed = grown.name()
    const emit = dice.one({}, { emit: 'close' } as const)
    return [
      grouping,
      { op: 'windowedBy', name: windowed, from: grouping.name, window, ...emit },
      aggregationOf(windowed, dice, grown.name()),
    ]
  }),
  onOne(plainTable, ({ name: from }, dice, grown) => {
    const grouping = grown.name()
    return [
      { op: 'groupBy', name: grouping, from, key: selector(dice) },
      tableAggregationOf(grouping, dice, grown.name()),
    ]
  }),
]

function groupingOf(from: string, dice: Dice, name: string): Op {
  return dice.one<Op>(
    { op: 'groupByKey', name, from },
    { op: 'groupBy', name, from, key: selector(dice) },
  )
}

function windowOf(dice: Dice): Window {
  const [size, late] = [span(dice), grace(dice)]
  return dice.one<Window>(
    { type: 'tumbling', size, grace: late },
    { type: 'session', gap: size, grace: late },
    { type: 'hopping', size, advance: Math.max(1, Math.floor(size / 2)), grace: late },
    { type: 'sliding', difference: size, grace: late },
  )
}

function aggregationOf(from: string, dice: Dice, name: string): Aggregation {
  const merge = dice.one('sum', 'concat')
  return dice.one<Aggregation>(
    { op: 'count', name, from },
    { op: 'reduce', name, from, add: reducer(dice) },
    { op: 'aggregate', name, from, add: reducer(dice), merge },
  )
}

function tableAggregationOf(from: string, dice: Dice, name: string): Aggregation {
  const inverse = dice.one(
    { add: 'sum', subtract: 'minus' },
    { add: 'concat', subtract: 'without' },
  )
  return dice.one<Aggregation>(
    { op: 'count', name, from },
    { op: 'reduce', name, from, ...inverse },
    { op: 'aggregate', name, from, ...inverse },
  )
}

const kept = ({ isWindowed }: Result, dice: Dice): { readonly store?: true } =>
  isWindowed ? {} : dice.one({}, { store: true } as const)

const tableSteps: readonly Move[] = [
  onOne(anyTable, (from, dice, grown) => [
    {
      op: dice.one('filter', 'filterNot'),
      name: grown.name(),
      from: from.name,
      where: predicate(dice),
      ...kept(from, dice),
    },
  ]),
  onOne(anyTable, (from, dice, grown) => [
    {
      op: 'mapValues',
      name: grown.name(),
      from: from.name,
      value: mapper(dice),
      ...kept(from, dice),
    },
  ]),
  onOne(anyTable, ({ name: from }, _, grown) => [{ op: 'toStream', name: grown.name(), from }]),
  onOne(anyTable, ({ name: from }, dice, grown) => [
    {
      op: 'suppress',
      name: grown.name(),
      from,
      until: 'timeLimit',
      ms: span(dice),
      ...dice.one({}, { maxRecords: 2 }),
    },
  ]),
  onOne(
    (grown) => anyTable(grown).filter(({ name }) => grown.canBeSuppressed(name)),
    ({ name: from }, _, grown) => [
      { op: 'suppress', name: grown.name(), from, until: 'windowClose' },
    ],
  ),
]

const joins: readonly Move[] = [
  onTwo(plainStream, plainStream, (ends, dice, name) => ({
    op: 'join',
    name,
    ...ends,
    kind: dice.one('inner', 'left', 'outer'),
    // Millrace takes no window of a single moment for what somebody wants.
    ...dice.one({ before: 5, after: 5 }, { before: 0, after: 10 }, { before: 10, after: 0 }),
    grace: grace(dice),
    joiner: joiner(dice),
  })),
  onTwo(anyStream, tableLike, (ends, dice, name) => ({
    op: 'joinTable',
    name,
    ...ends,
    kind: dice.one('inner', 'left'),
    joiner: joiner(dice),
  })),
  onTwo(
    plainStream,
    (grown) => grown.results('globalTable'),
    (ends, dice, name) => ({
      op: 'joinGlobal',
      name,
      ...ends,
      kind: dice.one('inner', 'left'),
      key: selector(dice),
      joiner: joiner(dice),
    }),
  ),
  onTwo(plainTable, otherTable, (ends, dice, name) => ({
    op: 'joinTables',
    name,
    ...ends,
    kind: dice.one('inner', 'left', 'outer'),
    joiner: joiner(dice),
    ...dice.one({}, { store: true } as const),
  })),
  onTwo(anyTable, windowedTableLike, (ends, dice, name) => ({
    op: 'joinTables',
    name,
    ...ends,
    kind: dice.one('inner', 'left', 'outer'),
    joiner: joiner(dice),
  })),
  onTwo(plainTable, otherTable, (ends, dice, name) => ({
    op: 'joinForeign',
    name,
    ...ends,
    kind: dice.one('inner', 'left'),
    key: selector(dice),
    joiner: joiner(dice),
    store: true,
  })),
]

/** Aggregations and joins more often than they are many: they are what there is most to say about. */
export const moves: readonly Move[] = [
  source,
  source,
  ...streamSteps,
  ...aggregations,
  ...aggregations,
  ...aggregations,
  ...tableSteps,
  ...joins,
  ...joins,
]
