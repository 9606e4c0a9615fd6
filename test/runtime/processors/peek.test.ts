import { operatorCases } from '../../support/operator-cases.ts'

const seen: unknown[] = []

describe('peek', () => {
  operatorCases([
    {
      sentence: 'looks at each record, with where it came from, before the next step gets it',
      code: (input) => [
        input
          .peek('look', ({ key, value, offset, topic }) => seen.push([key, value, offset, topic]))
          .mapValues('seen', () => seen.shift())
          .to('out'),
      ],
      given: {
        in: [
          ['a', { n: 1 }],
          [null, null],
        ],
      },
      out: {
        out: [
          ['a', ['a', { n: 1 }, 0, 'in']],
          [null, [null, null, 1, 'in']],
        ],
      },
    },
    {
      sentence: 'lets each record go on as it is',
      code: (input) => [input.peek('look', () => undefined).to('out')],
      given: {
        in: [
          ['a', { n: 1 }],
          [null, null],
        ],
      },
      out: {
        out: [
          ['a', { n: 1 }],
          [null, null],
        ],
      },
    },
    {
      sentence: 'sets a record aside on which the function throws',
      code: (input) => [
        input
          .peek('look', ({ value }) => {
            if (value.n === 0) throw new Error('will not look at it')
          })
          .to('out'),
      ],
      given: {
        in: [
          ['a', { n: 0 }],
          ['b', { n: 1 }],
        ],
      },
      out: { out: [['b', { n: 1 }]] },
      bad: [/will not look at it/],
    },
  ])
})
