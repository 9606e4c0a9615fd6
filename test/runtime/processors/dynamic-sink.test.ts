import { expect } from 'chai'
import { eventually } from '../../support/eventually.ts'
import { JobBench } from '../../support/job-bench.ts'
import { operatorCases } from '../../support/operator-cases.ts'
import { problemsOf } from '../../support/problems.ts'

const byCard = { from: 'in', topicFrom: '"card-" + value.card', topics: ['card-a', 'card-b'] }
const step = { name: 'all', from: 'in', filter: 'true' }

describe('an output whose topic an expression chooses', () => {
  operatorCases([
    {
      sentence: 'writes each record to its topic, as it is',
      steps: { steps: [step], outputs: [byCard] },
      code: (input) => [input.toOneOf(['card-a', 'card-b'], ({ value }) => `card-${value.card}`)],
      given: {
        in: [
          ['x', { card: 'a', n: 1 }],
          ['x', { card: 'b', n: 2 }],
          [null, { card: 'a', n: 3 }],
        ],
      },
      out: {
        'card-a': [
          ['x', { card: 'a', n: 1 }],
          [null, { card: 'a', n: 3 }],
        ],
        'card-b': [['x', { card: 'b', n: 2 }]],
      },
    },
    {
      sentence: 'sets a record aside whose topic is not one of those, and says which',
      steps: { steps: [step], outputs: [byCard] },
      code: (input) => [
        input.toOneOf(['card-a', 'card-b'], ({ value }) =>
          value.n === 0 ? (undefined as never) : `card-${value.card}`,
        ),
      ],
      given: {
        in: [
          ['x', { card: 'aa', n: 1 }],
          ['x', { card: 'b', n: 2 }],
        ],
      },
      out: { 'card-a': [], 'card-b': [['x', { card: 'b', n: 2 }]] },
      bad: [
        /topic "card-aa", which is not one of card-a, card-b; list it there\..*Did you mean "card-a"/,
      ],
    },
    {
      sentence: 'sets a record aside for which there is no topic at all',
      steps: { steps: [step], outputs: [{ ...byCard, topicFrom: 'value.card' }] },
      code: (input) => [input.toOneOf(['card-a', 'card-b'], ({ value }) => value.card)],
      given: { in: [['x', { card: null }]] },
      out: { 'card-a': [], 'card-b': [] },
      bad: [/the topic null, which is not one of/],
    },
  ])

  it('makes the job wait for all its topics', async () => {
    const bench = new JobBench({ in: 1, 'card-a': 1 })
    const instance = bench.start({
      inputs: [{ name: 'in', topic: 'in' }],
      steps: [step],
      outputs: [byCard],
    })
    await eventually(() =>
      expect(instance.status().lastError?.message).to.contain('waiting for topic "card-b"'),
    )
    await bench.stop()
  })

  it('is refused with a wrong expression, with the place', () => {
    const outputs = [{ ...byCard, topicFrom: 'valu.card' }]
    expect(problemsOf([step], ['in'], outputs)[0]).to.match(
      /^outputs\[0\]\.topicFrom: 1:1: unknown variable "valu"/,
    )
  })
})
