import {
  avg,
  collect,
  count,
  countIf,
  distinct,
  fields,
  first,
  last,
  max,
  min,
  quantile,
  stddev,
  sum,
  topN,
  variance,
} from '../../../runtime/index.ts'
import { operatorCases } from '../../support/operator-cases.ts'

describe('aggregate', () => {
  operatorCases([
    {
      sentence: 'keeps one value a key, made of several functions',
      steps: {
        steps: [
          {
            name: 'stats',
            from: 'in',
            groupBy: 'key',
            aggregate: {
              records: 'count()',
              large: 'countIf(value.n > 4)',
              total: 'sum(value.n)',
              least: 'min(value.n)',
              most: 'max(value.n)',
              mean: 'avg(value.n)',
              spread: 'variance(value.n)',
              deviation: 'stddev(value.n)',
              oldest: 'first(value.card)',
              newest: 'last(value.card)',
              largest: 'topN(value.n, 2)',
              cards: 'topN(value.n, 1, value.card)',
              latest: 'collect(value.card, 2)',
              different: 'distinct(value.card)',
              median: 'quantile(value.n - value.n, 0.5)',
            },
          },
        ],
        outputs: [{ from: 'stats', topic: 'out' }],
      },
      code: (input) => [
        input
          .groupByKey('by-key')
          .aggregate(
            'stats',
            fields({
              records: count(),
              large: countIf(({ value }) => value.n > 4),
              total: sum(({ value }) => value.n),
              least: min(({ value }) => value.n),
              most: max(({ value }) => value.n),
              mean: avg(({ value }) => value.n),
              spread: variance(({ value }) => value.n),
              deviation: stddev(({ value }) => value.n),
              oldest: first(({ value }) => value.card),
              newest: last(({ value }) => value.card),
              largest: topN(({ value }) => value.n, 2),
              cards: topN(
                ({ value }) => value.n,
                1,
                ({ value }) => value.card,
              ),
              latest: collect(({ value }) => value.card, 2),
              different: distinct(({ value }) => value.card),
              median: quantile(({ value }) => value.n - value.n, 0.5),
            }),
          )
          .to('out'),
      ],
      given: {
        in: [
          ['k', { n: 2, card: 'a' }],
          ['k', { n: 6, card: 'b' }],
        ],
      },
      out: {
        out: [
          [
            'k',
            {
              records: 1,
              large: 0,
              total: 2,
              least: 2,
              most: 2,
              mean: 2,
              spread: null,
              deviation: null,
              oldest: 'a',
              newest: 'a',
              largest: [2],
              cards: ['a'],
              latest: ['a'],
              different: 1,
              median: 0,
            },
          ],
          [
            'k',
            {
              records: 2,
              large: 1,
              total: 8,
              least: 2,
              most: 6,
              mean: 4,
              spread: 8,
              deviation: Math.sqrt(8),
              oldest: 'a',
              newest: 'b',
              largest: [6, 2],
              cards: ['b'],
              latest: ['a', 'b'],
              different: 2,
              median: 0,
            },
          ],
        ],
      },
    },
    {
      sentence: 'sets a record aside whose value it cannot take, and keeps the state of before',
      steps: {
        steps: [{ name: 'sums', from: 'in', groupBy: 'key', aggregate: { total: 'sum(value.n)' } }],
        outputs: [{ from: 'sums', topic: 'out' }],
      },
      code: (input) => [
        input
          .groupByKey('by-key')
          .aggregate('sums', fields({ total: sum(({ value }) => value.n) }))
          .to('out'),
      ],
      given: {
        in: [
          ['k', { n: 1 }],
          ['k', { n: 'many' }],
          ['k', { n: 2 }],
        ],
      },
      out: {
        out: [
          ['k', { total: 1 }],
          ['k', { total: 3 }],
        ],
      },
      bad: [/sum needs a number, not string/],
    },
    {
      sentence: 'answers with the value of one function alone',
      code: (input) => [
        input
          .groupByKey('by-key')
          .aggregate(
            'total',
            sum(({ value }) => value.n),
          )
          .to('out'),
      ],
      given: {
        in: [
          ['k', { n: 1 }],
          ['k', { n: 2 }],
        ],
      },
      out: {
        out: [
          ['k', 1],
          ['k', 3],
        ],
      },
    },
  ])
})
