import { setImmediate as later } from 'node:timers/promises'
import { expect } from 'chai'
import { stream } from '../../../runtime/index.ts'
import { operatorCases, type Value } from '../../support/operator-cases.ts'

/** Answers the calls it gets last first, a few at a time. */
function lastFirst<T>(atATime: number): (answer: T) => Promise<T> {
  let waiting: (() => void)[] = []
  return (answer) =>
    new Promise((resolve) => {
      waiting.push(() => resolve(answer))
      if (waiting.length < atATime) return
      for (const answerIt of waiting.reverse()) answerIt()
      waiting = []
    })
}

const never = () => new Promise<never>(() => undefined)

describe('mapAsync and mapValuesAsync', () => {
  operatorCases([
    {
      sentence: 'makes new values in the order of the records, whichever answer comes first',
      code: (input) => {
        const answer = lastFirst<number>(3)
        return [input.mapValuesAsync('later', ({ value }) => answer(value.n * 2)).to('out')]
      },
      given: {
        in: [
          ['a', { n: 1 }],
          ['b', { n: 2 }],
          [null, { n: 3 }],
        ],
      },
      out: {
        out: [
          ['a', 2],
          ['b', 4],
          [null, 6],
        ],
      },
    },
    {
      sentence: 'makes new keys and values at once, by which records are grouped afterwards',
      code: (input) => [
        input
          .mapAsync('by-card', async ({ value }) => ({ key: value.card, value: value.n }))
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
      sentence:
        'calls the function for records of one key one after the other, and without key at once',
      code: (input) => {
        const running = { a: 0, none: 0 }
        return [
          input
            .mapValuesAsync('running', async ({ key }) => {
              const others = running[key === 'a' ? 'a' : 'none']++
              await later()
              running[key === 'a' ? 'a' : 'none']--
              return others
            })
            .to('out'),
        ]
      },
      given: {
        in: [
          ['a', {}],
          ['a', {}],
          [null, {}],
          [null, {}],
        ],
      },
      out: {
        out: [
          ['a', 0],
          ['a', 0],
          [null, 0],
          [null, 1],
        ],
      },
    },
    {
      sentence:
        'asks the function about a null value, too, and writes null or nothing as a tombstone',
      code: (input) => [
        input
          .mapValuesAsync('swapped', async ({ value }) =>
            (value as unknown) === null ? { n: 0 } : undefined,
          )
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
      sentence: 'gives the function the record with where it came from, also after it has waited',
      code: (input) => [
        input
          .mapValuesAsync('seen', async (record) => {
            await later()
            return [record.key, record.value.n, record.topic, record.offset, record.timestamp]
          })
          .to('out'),
      ],
      given: { in: [['a', { n: 1 }]] },
      out: { out: [['a', ['a', 1, 'in', 0, 1_700_000_000_000]]] },
    },
    {
      sentence: 'sets aside a record whose call rejects, throws at once or gives no key and value',
      code: (input) => [
        input
          .mapAsync('checked', ({ key, value }) => {
            if (value.n === 0) throw new RangeError('not even called')
            if (value.n === 1) return Promise.reject(new Error('no answer today'))
            return Promise.resolve(value.n === 2 ? (null as never) : { key, value })
          })
          .to('out'),
      ],
      given: {
        in: [
          ['a', { n: 0 }],
          ['b', { n: 1 }],
          ['c', { n: 2 }],
          ['d', { n: 3 }],
        ],
      },
      out: { out: [['d', { n: 3 }]] },
      bad: [/not even called/, /no answer today/, /returns \{ key, value \}, not null/],
    },
    {
      sentence: 'sets aside a record whose call does not answer in time, and goes on with the next',
      code: (input) => [
        input
          .mapValuesAsync(
            'in-time',
            ({ value }) => (value.n === 0 ? never() : Promise.resolve(1)),
            {
              timeoutMs: 20,
            },
          )
          .to('out'),
      ],
      given: {
        in: [
          ['a', { n: 0 }],
          ['a', { n: 1 }],
        ],
      },
      out: { out: [['a', 1]] },
      bad: [/no answer within 20 ms/],
    },
    {
      sentence:
        'sets aside a record on which a step behind it fails, and leaves no trace of it there',
      code: (input) => {
        const asked = input.mapValuesAsync('asked', async ({ value }) => value)
        return [
          asked.to('out'),
          asked
            .mapValues('checked', ({ value }) => {
              if (value.n === 0) throw new Error('not this one')
              return value
            })
            .to('checked'),
        ]
      },
      given: {
        in: [
          ['a', { n: 0 }],
          ['b', { n: 1 }],
        ],
      },
      out: { out: [['b', { n: 1 }]], checked: [['b', { n: 1 }]] },
      bad: [/not this one/],
    },
    {
      sentence: 'answers one call at a time, in order, for all that flatMap makes of a record',
      code: (input) => [
        input
          .flatMapValues('items', ({ value }) => value.items)
          .mapValuesAsync('loud', async ({ value }) => value.toUpperCase(), { concurrency: 1 })
          .mapValuesAsync('long', async ({ value }) => value + value, { concurrency: 2 })
          .to('out'),
      ],
      given: {
        in: [
          ['a', { items: ['x', 'y', 'z'] }],
          [null, { items: ['v', 'w'] }],
        ],
      },
      out: {
        out: [
          ['a', 'XX'],
          ['a', 'YY'],
          ['a', 'ZZ'],
          [null, 'VV'],
          [null, 'WW'],
        ],
      },
    },
  ])

  const refused: readonly (readonly [options: object, message: string])[] = [
    [{ concurrency: 0 }, 'step "x": concurrency is a whole number from 1 to 1000, not 0'],
    [{ concurrency: 1001 }, 'step "x": concurrency is a whole number from 1 to 1000, not 1001'],
    [{ timeoutMs: 0.5 }, 'step "x": timeoutMs is a whole number from 1 to 600000, not 0.5'],
    [{ timeoutMs: '5s' }, 'step "x": timeoutMs is a whole number from 1 to 600000, not 5s'],
    [
      { timeout: 5 },
      'step "x" has no option "timeout": there are concurrency and timeoutMs. Did you mean "timeoutMs"?',
    ],
  ]

  for (const [options, message] of refused) {
    it(`is refused with the options ${JSON.stringify(options)}`, () => {
      const input = stream<Value>('in')
      const write = () => input.mapValuesAsync('x', async ({ value }) => value, options)
      expect(write).to.throw(message)
    })
  }
})
