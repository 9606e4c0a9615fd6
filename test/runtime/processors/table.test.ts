import { expect } from 'chai'
import { job, stream, table } from '../../../runtime/index.ts'
import { operatorCases, type Value } from '../../support/operator-cases.ts'
import { problemsOf } from '../../support/problems.ts'

const input = () => table<Value>('in')
const as = { in: 'Table' } as const

describe('a table', () => {
  operatorCases([
    {
      sentence: 'of a topic gives every update, and leaves out records without key',
      as,
      steps: {
        steps: [{ name: 'all', from: 'in', as: 'Stream' }],
        outputs: [{ from: 'all', topic: 'out' }],
      },
      code: () => [input().toStream().to('out')],
      given: {
        in: [
          ['a', { n: 1 }],
          [null, { n: 2 }],
          ['a', { n: 3 }],
          ['a', null],
          ['b', null],
        ],
      },
      out: {
        out: [
          ['a', { n: 1 }],
          ['a', { n: 3 }],
          ['a', null],
          ['b', null],
        ],
      },
    },
    {
      sentence:
        'that is filtered sends a tombstone for a row that leaves, and none for one that never was there',
      as,
      steps: {
        steps: [{ name: 'large', from: 'in', filter: 'value.n > 5' }],
        outputs: [{ from: 'large', topic: 'out' }],
      },
      code: () => [
        input()
          .filter('large', ({ value }) => value.n > 5)
          .to('out'),
      ],
      given: {
        in: [
          ['a', { n: 9 }],
          ['b', { n: 1 }],
          ['a', { n: 2 }],
          ['a', { n: 3 }],
          ['b', null],
          ['c', { n: 7 }],
          ['c', null],
        ],
      },
      out: {
        out: [
          ['a', { n: 9 }],
          ['a', null],
          ['c', { n: 7 }],
          ['c', null],
        ],
      },
    },
    {
      sentence: 'drops rows for which the condition of filterNot is true',
      as,
      steps: {
        steps: [{ name: 'small', from: 'in', filterNot: 'value.n > 5' }],
        outputs: [{ from: 'small', topic: 'out' }],
      },
      code: () => [
        input()
          .filterNot('small', ({ value }) => value.n > 5)
          .to('out'),
      ],
      given: {
        in: [
          ['a', { n: 1 }],
          ['a', { n: 6 }],
        ],
      },
      out: {
        out: [
          ['a', { n: 1 }],
          ['a', null],
        ],
      },
    },
    {
      sentence: 'that is mapped keeps tombstones as they are',
      as,
      steps: {
        steps: [{ name: 'twice', from: 'in', map: { n: 'value.n * 2', of: 'key' } }],
        outputs: [{ from: 'twice', topic: 'out' }],
      },
      code: () => [
        input()
          .mapValues('twice', ({ key, value }) => ({ n: value.n * 2, of: key }))
          .to('out'),
      ],
      given: {
        in: [
          ['a', { n: 1 }],
          ['a', null],
        ],
      },
      out: {
        out: [
          ['a', { n: 2, of: 'a' }],
          ['a', null],
        ],
      },
    },
    {
      sentence: 'that is projected keeps tombstones as they are',
      as,
      steps: {
        steps: [{ name: 'slim', from: 'in', project: { keep: ['n'] } }],
        outputs: [{ from: 'slim', topic: 'out' }],
      },
      given: {
        in: [
          ['a', { n: 1, card: 'x' }],
          ['a', null],
        ],
      },
      out: {
        out: [
          ['a', { n: 1 }],
          ['a', null],
        ],
      },
    },
    {
      sentence: 'filters by what a map before it makes of the old row, too',
      as,
      steps: {
        steps: [
          { name: 'twice', from: 'in', map: { n: 'value.n * 2' } },
          { name: 'large', from: 'twice', filter: 'value.n > 10' },
        ],
        outputs: [{ from: 'large', topic: 'out' }],
      },
      code: () => [
        input()
          .mapValues('twice', ({ value }) => ({ n: value.n * 2 }))
          .filter('large', ({ value }) => value.n > 10)
          .to('out'),
      ],
      given: {
        in: [
          ['a', { n: 9 }],
          ['a', { n: 5 }],
          ['a', { n: 4 }],
        ],
      },
      out: {
        out: [
          ['a', { n: 18 }],
          ['a', null],
        ],
      },
    },
    {
      sentence: 'of a stream is kept by the key that was chosen',
      steps: {
        steps: [
          { name: 'cards', from: 'in', keyBy: 'value.card', as: 'Table' },
          { name: 'large', from: 'cards', filter: 'value.n > 5' },
        ],
        outputs: [{ from: 'large', topic: 'out' }],
      },
      code: (records) => [
        records
          .selectKey('by-card', ({ value }) => value.card)
          .toTable('cards')
          .filter('large', ({ value }) => value.n > 5)
          .to('out'),
      ],
      given: {
        in: [
          ['x', { card: 'a', n: 6 }],
          ['y', { card: 'a', n: 1 }],
        ],
      },
      out: {
        out: [
          ['a', { card: 'a', n: 6 }],
          ['a', null],
        ],
      },
    },
    {
      sentence: 'that an aggregate makes is a stream of updates unless its step says otherwise',
      steps: {
        steps: [
          { name: 'counts', from: 'in', groupBy: 'key', aggregate: { n: 'count()' } },
          { name: 'few', from: 'counts', filter: 'value.n < 2' },
          { name: 'rows', from: 'in', groupBy: 'key', aggregate: { n: 'count()' }, as: 'Table' },
          { name: 'still-few', from: 'rows', filter: 'value.n < 2' },
        ],
        outputs: [
          { from: 'few', topic: 'out' },
          { from: 'still-few', topic: 'rows' },
        ],
      },
      code: (records) => [
        records
          .groupByKey('a')
          .count('counts')
          .toStream()
          .filter('few', ({ value }) => value < 2)
          .mapValues('n', ({ value: n }) => ({ n }))
          .to('out'),
        records
          .groupByKey('b')
          .count('rows')
          .mapValues('m', ({ value: n }) => ({ n }))
          .filter('still-few', ({ value }) => value.n < 2)
          .to('rows'),
      ],
      given: {
        in: [
          ['a', {}],
          ['a', {}],
        ],
      },
      out: {
        out: [['a', { n: 1 }]],
        rows: [
          ['a', { n: 1 }],
          ['a', null],
        ],
      },
    },
    {
      sentence: 'counts rows by another key, taking back what an update replaces',
      as,
      steps: {
        steps: [
          {
            name: 'cards',
            from: 'in',
            groupBy: 'value.card',
            aggregate: { rows: 'count()', n: 'sum(value.n)' },
          },
        ],
        outputs: [{ from: 'cards', topic: 'out' }],
      },
      code: () => [
        input()
          .groupBy('cards', ({ value }) => value.card)
          .aggregate('totals', {
            initial: () => ({ rows: 0, n: 0 }),
            add: ({ rows, n }, { value }) => ({ rows: rows + 1, n: n + value.n }),
            subtract: ({ rows, n }, { value }) => ({ rows: rows - 1, n: n - value.n }),
          })
          .to('out'),
      ],
      given: {
        in: [
          ['x', { card: 'a', n: 1 }],
          ['y', { card: 'a', n: 2 }],
          ['x', { card: 'a', n: 5 }],
          ['x', { card: 'b', n: 5 }],
          ['z', { card: null, n: 9 }],
          ['y', null],
          ['x', { card: null, n: 5 }],
        ],
      },
      out: {
        out: [
          ['a', { rows: 1, n: 1 }],
          ['a', { rows: 2, n: 3 }],
          ['a', { rows: 2, n: 7 }],
          ['a', { rows: 1, n: 2 }],
          ['b', { rows: 1, n: 5 }],
          ['a', { rows: 0, n: 0 }],
          ['b', { rows: 0, n: 0 }],
        ],
      },
    },
    {
      sentence: 'is gone where subtracting leaves nothing, and begins with the first value again',
      code: () => [
        input()
          .groupBy('cards', ({ value }) => value.card)
          .reduce(
            'sums',
            (a, b) => ({ ...b, n: a.n + b.n }),
            (a, b) => (a.n === b.n ? null : { ...a, n: a.n - b.n }),
          )
          .to('out'),
      ],
      given: {
        in: [
          ['x', { card: 'a', n: 1 }],
          ['y', { card: 'a', n: 2 }],
          ['y', null],
          ['x', null],
          ['z', { card: 'a', n: 4 }],
        ],
      },
      out: {
        out: [
          ['a', { card: 'a', n: 1 }],
          ['a', { card: 'a', n: 3 }],
          ['a', { card: 'a', n: 1 }],
          ['a', null],
          ['a', { card: 'a', n: 4 }],
        ],
      },
    },
  ])

  const inputs = ['in', { name: 'rows', topic: 'rows', as: 'Table' as const }]
  const refused: readonly (readonly [step: object, problem: RegExp])[] = [
    [{ flatMap: 'value.items' }, /steps\[0\]\.flatMap: a table has no flatMap/],
    [{ keyBy: 'value.card' }, /steps\[0\]\.keyBy: a table has no keyBy: .*as: Stream/],
    [{ repartition: {} }, /steps\[0\]\.repartition: a table has no repartition/],
    [{ branches: [{ name: 'rest' }] }, /steps\[0\]\.branches: a table has no branches/],
    [
      { groupBy: 'value.card', aggregate: { least: 'min(value.n)' } },
      /steps\[0\]\.aggregate\.least: cannot take back .*count.* can/,
    ],
    [
      { groupBy: 'value.card', aggregate: {}, filter: 'val' },
      /steps\[0\]\.filter: .*unknown variable/,
    ],
    [{ join: { table: 'in', as: 'x' } }, /steps\[0\]\.join\.table: .*"in" is none; .*as: Table/],
    [
      { join: { table: 'rows', as: 'x', within: '1m' } },
      /steps\[0\]\.join\.within: "rows" is a table, .* leave within out/,
    ],
    [
      { join: { table: 'rows', by: 'value.card', as: 'x', type: 'Outer' } },
      /steps\[0\]\.join\.type: .*Inner or Left, not Outer/,
    ],
  ]
  for (const [step, problem] of refused) {
    it(`is refused in a step with ${Object.keys(step).join(' and ')}: ${problem.source}`, () => {
      const output = [{ from: 'rows', topic: 'out' }]
      const [first = ''] = problemsOf([{ name: 'one', from: 'rows', ...step }], inputs, output)
      expect(first).to.match(problem)
    })
  }

  it('cannot be merged with a stream', () => {
    const [problem] = problemsOf([{ name: 'all', merge: ['in', 'rows'] }], inputs)
    expect(problem).to.match(/steps\[0\]\.merge: a table has no merge/)
  })

  it('is the only way in which a job reads its input', () => {
    expect(() => job(stream('in').to('a'), table('in').to('b'))).to.throw(
      'the input "in" is read in two ways',
    )
  })

  it('is aggregated only by what can be taken back', () => {
    const grouped = input().groupBy('cards', ({ value }) => value.card)
    expect(() => grouped.aggregate('least', { initial: () => 0, add: () => 0 })).to.throw(
      /step "least" cannot take back .* give it subtract, or use one of .*sum/,
    )
  })
})
