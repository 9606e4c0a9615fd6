import { expect } from 'chai'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { lint } from '../../../runtime/lint.ts'
import { operatorCases } from '../../support/operator-cases.ts'

const times: Readonly<Record<string, unknown>> = {
  milliseconds: 1_700_000_000_000,
  'milliseconds with a fraction': 1_700_000_000_000.7,
  'a time in UTC': '2023-11-14T22:13:20Z',
  'a time with an offset': '2023-11-14T23:13:20+01:00',
  'a time without a zone': '2023-11-14T22:13:20',
  'a time to the microsecond': '2023-11-14T22:13:20.000999Z',
}

const noTimes: Readonly<Record<string, readonly [value: unknown, why: RegExp]>> = {
  'a negative number': [-1, /time is -1: before 1970/],
  null: [null, /ISO-8601 text such as .*, not null/],
  'other text': ['yesterday', /not "yesterday"/],
  'a date of another country': ['31.01.2026', /not "31.01.2026"/],
  'a day that is not': ['2026-02-41', /not "2026-02-41"/],
  'a list': [[1], /not \[1\]/],
}

const timestamps = {
  steps: {
    steps: [{ name: 'at', from: 'in', map: { at: 'timestamp' } }],
    outputs: [{ from: 'at', topic: 'out' }],
  },
  inputs: { eventTime: 'value.at' },
}

describe('eventTime', () => {
  operatorCases([
    ...Object.entries(times).map(([kind, at]) => ({
      ...timestamps,
      sentence: `reads ${kind}`,
      given: { in: [['a', { at }] as const] },
      out: { out: [['a', { at: 1_700_000_000_000 }] as const] },
    })),
    {
      ...timestamps,
      sentence: 'reads a day as its begin in UTC',
      given: { in: [['a', { at: '2026-01-31' }]] },
      out: { out: [['a', { at: Date.UTC(2026, 0, 31) }]] },
    },
    ...Object.entries(noTimes).map(([kind, [at, why]]) => ({
      ...timestamps,
      sentence: `takes ${kind} for no time: the record is a bad one, and the next is not`,
      given: { in: [['a', { at }] as const, ['b', { at: 5 }] as const] },
      out: { out: [['b', { at: 5 }] as const] },
      bad: [why],
    })),
    {
      ...timestamps,
      sentence: 'makes a record a bad one if the field is not there, or the value is no JSON',
      given: {
        in: [
          ['a', {}],
          ['b', 'x'],
          ['c', { at: 5 }],
        ],
      },
      out: { out: [['c', { at: 5 }]] },
      bad: [/at/, /JSON/],
    },
    {
      sentence: 'decides in which window a record is',
      inputs: { eventTime: 'value.n * 1000' },
      steps: {
        steps: [
          {
            name: 'counts',
            from: 'in',
            groupBy: 'key',
            window: { tumbling: '10s' },
            aggregate: { count: 'count()' },
          },
          { name: 'shown', from: 'counts', map: { from: 'window.start', n: 'value.count' } },
        ],
        outputs: [{ from: 'shown', topic: 'out' }],
      },
      given: {
        in: [
          ['a', { n: 1 }],
          ['a', { n: 9 }],
          ['a', { n: 12 }],
        ],
      },
      out: {
        out: [
          ['a', { from: 0, n: 1 }],
          ['a', { from: 0, n: 2 }],
          ['a', { from: 10_000, n: 1 }],
        ],
      },
    },
    {
      sentence: 'decides which of two inputs has the next record',
      inputs: { eventTime: 'value.n' },
      steps: {
        steps: [
          { name: 'both', merge: ['in', 'other'] },
          { name: 'last', from: 'both', groupBy: 'key', aggregate: { last: 'max(value.n)' } },
        ],
        outputs: [{ from: 'last', topic: 'out' }],
      },
      given: {
        in: [
          ['a', { n: 1 }],
          ['a', { n: 4 }],
        ],
        other: [
          ['a', { n: 2 }],
          ['a', { n: 3 }],
        ],
      },
      out: {
        out: [1, 2, 3, 4].map((n) => ['a', { last: n }] as const),
      },
    },
  ])
})

describe('maxTimeAdvance', () => {
  const inputs = { eventTime: 'value.at', maxTimeAdvance: '1d' }
  const day = 86_400_000

  operatorCases([
    {
      ...timestamps,
      inputs,
      sentence: 'sets aside a record that is too far ahead of all before it and of the clock',
      given: {
        in: [
          ['a', { at: 5 }],
          ['b', { at: 4_000_000_000_000 }],
          ['c', { at: 6 }],
        ],
      },
      out: {
        out: [
          ['a', { at: 5 }],
          ['c', { at: 6 }],
        ],
      },
      bad: [/2096-10-02T07:06:40.000Z is more than maxTimeAdvance, 86400000 ms, ahead/],
    },
    {
      ...timestamps,
      inputs,
      sentence: 'takes one that the clock has reached, however long nothing came',
      given: {
        in: [
          ['a', { at: 5 }],
          ['b', { at: 10 * day }],
        ],
      },
      out: {
        out: [
          ['a', { at: 5 }],
          ['b', { at: 10 * day }],
        ],
      },
    },
  ])
})

describe('what the manifest says of time', () => {
  const problemsOf = (input: object, code: object) =>
    lint(
      runtimeConfigSchema.pick({ inputs: true, steps: true, outputs: true }).parse({
        inputs: [{ name: 'in', topic: 'in', ...input }],
        ...code,
      }),
    )
  const steps = {
    steps: [{ name: 'all', from: 'in', filter: 'true' }],
    outputs: [{ from: 'all', topic: 'out' }],
  }

  for (const [kind, code] of [
    ['with steps', steps],
    ['in TypeScript', {}],
  ] as const) {
    it(`is checked for a job ${kind}`, () => {
      expect(problemsOf({ eventTime: 'value.at +' }, code)).to.have.length(1)
      expect(problemsOf({ maxTimeAdvance: 'soon' }, code)).to.deep.equal([
        {
          path: 'inputs[0].maxTimeAdvance',
          message: '"soon" is no duration: write one such as 500ms, 10s, 1h30m or 7d',
        },
      ])
      expect(problemsOf({ eventTime: 'value.at', maxTimeAdvance: '1d' }, code)).to.deep.equal([])
    })
  }
})
