import { operatorCases } from '../../support/operator-cases.ts'

describe('keyBy and selectKey', () => {
  operatorCases([
    {
      sentence: 'gives a new key and leaves the value as it is, null or not',
      steps: {
        steps: [{ name: 'keyed', from: 'in', keyBy: 'value == null ? null : value.card' }],
        outputs: [{ from: 'keyed', topic: 'out' }],
      },
      code: (input) => [
        input
          .selectKey('keyed', ({ value }) => (value as Partial<typeof value> | null)?.card ?? null)
          .to('out'),
      ],
      given: {
        in: [
          ['x', { card: 'a' }],
          ['y', null],
        ],
      },
      out: {
        out: [
          ['a', { card: 'a' }],
          [null, null],
        ],
      },
    },
    {
      sentence: 'drops what has no key when records move to be grouped',
      steps: {
        steps: [
          { name: 'keyed', from: 'in', keyBy: 'value.card' },
          { name: 'counts', from: 'keyed', groupBy: 'key', aggregate: { n: 'count()' } },
        ],
        outputs: [{ from: 'counts', topic: 'out' }],
      },
      code: (input) => [
        input
          .selectKey('keyed', ({ value }) => value.card)
          .groupByKey('cards')
          .aggregate('counts', { initial: () => ({ n: 0 }), add: ({ n }) => ({ n: n + 1 }) })
          .to('out'),
      ],
      given: {
        in: [
          ['x', { card: null }],
          ['x', { card: 'a' }],
          ['x', { card: 7 }],
        ],
      },
      out: {
        out: [
          ['a', { n: 1 }],
          ['7', { n: 1 }],
        ],
      },
    },
  ])
})
