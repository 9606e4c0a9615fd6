import { expect } from 'chai'
import fc from 'fast-check'
import { compileAggregator } from '../../../../runtime/expr/aggregator.ts'
import type { Aggregator } from '../../../../runtime/expr/aggregates/aggregate.ts'
import { aggregateNames, reversibleNames } from '../../../../runtime/expr/aggregates/functions.ts'
import type { Environment } from '../../../../runtime/expr/environment.ts'

interface Row {
  readonly x: number
  readonly tag: unknown
}

const environment: Environment<Row> = { variables: { value: (row) => row } }

/** At least one call of each function. */
const calls = [
  'count()',
  'countIf(value.x > 0)',
  'sum(value.x)',
  'min(value.x)',
  'max(value.x)',
  'avg(value.x)',
  'variance(value.x)',
  'stddev(value.x)',
  'first(value.tag)',
  'last(value.tag)',
  'topN(value.x, 3)',
  'topN(value.x, 3, value.tag)',
  'collect(value.tag, 3)',
  'distinct(value.tag)',
  'quantile(value.x, 0.5)',
]

/** Whole numbers, of which sums are exact; of equal ones there are many. */
const rows = fc.array(
  fc.record({ x: fc.integer({ min: -20, max: 20 }), tag: fc.jsonValue({ maxDepth: 2 }) }),
  { maxLength: 30 },
)

const stateOf = ({ initial, add }: Aggregator<Row>, given: readonly Row[]): unknown =>
  given.reduce<unknown>((state, row) => add(frozen(state), row), initial)

/** What is frozen throws when it is changed. */
function frozen<T>(state: T): T {
  if (typeof state === 'object' && state !== null)
    Object.values(Object.freeze(state)).forEach(frozen)
  return state
}

const restored = (state: unknown): unknown => JSON.parse(JSON.stringify(state)) as unknown

/** The same but for the last digits, which depend on the order of additions. */
function expectSame(actual: unknown, expected: unknown): void {
  const [some, others] = [actual, expected].map((state) =>
    JSON.stringify(state, (_, value: unknown) =>
      typeof value === 'number' ? Number(value.toFixed(9)) + 0 : value,
    ),
  )
  expect(some).to.equal(others)
}

describe('every aggregate function', () => {
  it('is tried below', () => {
    const names = calls.map((call) => call.replace(/\(.*/, ''))
    expect([...new Set(names)]).to.deep.equal(aggregateNames)
  })

  for (const source of calls) {
    const aggregator = compileAggregator(source, environment)
    const { add, subtract, merge, result } = aggregator

    it(`${source} merges states to that of all records`, () => {
      fc.assert(
        fc.property(rows, rows, (earlier, later) => {
          const merged = merge(
            frozen(stateOf(aggregator, earlier)),
            frozen(stateOf(aggregator, later)),
          )
          expectSame(merged, stateOf(aggregator, [...earlier, ...later]))
        }),
      )
    })

    it(`${source} goes on from a restored state as from its own`, () => {
      fc.assert(
        fc.property(rows, rows, (before, after) => {
          const state = stateOf(aggregator, before)
          const [own, other] = [state, restored(state)].map((from) => after.reduce(add, from))
          expect(JSON.stringify(other)).to.equal(JSON.stringify(own))
          expect(JSON.stringify(result(other))).to.equal(JSON.stringify(result(own)))
        }),
      )
    })

    if (subtract === undefined) continue
    it(`${source} takes back what was added`, () => {
      fc.assert(
        fc.property(rows, rows, (staying, going) => {
          const all = stateOf(aggregator, [...going, ...staying])
          const rest = going.reduce<unknown>((state, row) => subtract(frozen(state), row), all)
          expectSame(rest, stateOf(aggregator, staying))
        }),
      )
    })
  }

  it('takes back if its state can tell what it would be without', () => {
    expect(reversibleNames).to.deep.equal([
      'count',
      'countIf',
      'sum',
      'avg',
      'variance',
      'stddev',
      'quantile',
    ])
  })
})
