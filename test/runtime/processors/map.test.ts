import { expect } from 'chai'
import { stream } from '../../../runtime/index.ts'
import { operatorCases, type Value } from '../../support/operator-cases.ts'

describe('map and mapValues', () => {
  operatorCases([
    {
      sentence: 'makes new values and keeps keys and tombstone keys',
      steps: {
        steps: [{ name: 'doubled', from: 'in', map: { n: 'value.n * 2', key: 'key' } }],
        outputs: [{ from: 'doubled', topic: 'out' }],
      },
      code: (input) => [
        input.mapValues('doubled', ({ key, value }) => ({ n: value.n * 2, key })).to('out'),
      ],
      given: {
        in: [
          ['a', { n: 1 }],
          [null, { n: 2 }],
        ],
      },
      out: {
        out: [
          ['a', { n: 2, key: 'a' }],
          [null, { n: 4, key: null }],
        ],
      },
    },
    {
      sentence: 'makes new keys and values at once',
      code: (input) => [
        input.map('by-card', ({ value }) => ({ key: value.card, value: value.n })).to('out'),
      ],
      given: {
        in: [
          ['x', { card: 'a', n: 1 }],
          [null, { card: 'b', n: 2 }],
        ],
      },
      out: {
        out: [
          ['a', 1],
          ['b', 2],
        ],
      },
    },
    {
      sentence: 'moves records to the keys that map gave them before they are grouped',
      code: (input) => [
        input
          .map('by-card', ({ value }) => ({ key: value.card, value: value.n }))
          .groupByKey('cards')
          .count('counts')
          .to('counts'),
      ],
      given: {
        in: [
          ['x', { card: 'a', n: 1 }],
          ['y', { card: 'a', n: 2 }],
        ],
      },
      out: {
        counts: [
          ['a', 1],
          ['a', 2],
        ],
        'test.job-cards-repartition': [
          ['a', 1],
          ['a', 2],
        ],
      },
    },
    {
      sentence: 'asks the function about a null value, too, and writes null as a tombstone',
      code: (input) => [
        input
          .map('swapped', ({ key, value }) => ({
            key,
            value: (value as unknown) === null ? { n: 0 } : null,
          }))
          .to('out'),
      ],
      given: {
        in: [
          ['a', null],
          ['b', { n: 1 }],
        ],
      },
      out: {
        out: [
          ['a', { n: 0 }],
          ['b', null],
        ],
      },
    },
    {
      sentence: 'sets aside a record for which map returns no key and value',
      code: (input) => [
        input
          .map('none', ({ value }) => (value.n === 0 ? (null as never) : { key: 'k', value }))
          .to('out'),
      ],
      given: {
        in: [
          ['a', { n: 0 }],
          ['b', { n: 1 }],
        ],
      },
      out: { out: [['k', { n: 1 }]] },
      bad: [/returns \{ key, value \}, not null/],
    },
  ])

  const input = stream<Value>('in')
  const refused: readonly (readonly [write: () => unknown, instead: string])[] = [
    [() => input.mapValues('later', async ({ value }) => value), 'use mapValuesAsync'],
    [() => input.map('later', (async () => ({ key: 'a', value: 1 })) as never), 'use mapAsync'],
    [() => input.filter('later', (async () => true) as never), 'let mapValuesAsync before it wait'],
    [
      () => input.split('later').branch('a', (async () => true) as never),
      'let mapValuesAsync before it wait',
    ],
    [
      () => input.groupByKey('keys').reduce('later', (async (a: Value) => a) as never),
      'let mapValuesAsync before it wait',
    ],
    [
      () =>
        input
          .groupByKey('keys')
          .aggregate('later', { initial: () => 0, add: (async () => 0) as never }),
      'let mapValuesAsync before it wait',
    ],
  ]

  for (const [write, instead] of refused) {
    it(`is refused when the function is async: ${instead}`, () => {
      expect(write).to.throw(
        `the function of step "later" is async, where a step answers at once: ${instead}`,
      )
    })
  }
})
