import { expect } from 'chai'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { bind } from '../../../runtime/dsl/bind.ts'
import { job, stream } from '../../../runtime/index.ts'
import { operatorCases } from '../../support/operator-cases.ts'
import { problemsOf } from '../../support/problems.ts'

const step = { name: 'kept', from: 'a', filter: 'true' }
const back = { name: 'back', from: 'b', filter: 'true' }

const rows = [
  [
    'an input that is written by what reads it',
    [{ from: 'kept', topic: 'a' }],
    'outputs: the job would feed itself without end: a → a; write to another topic',
  ],
  [
    'two inputs that feed each other',
    [
      { from: 'kept', topic: 'b' },
      { from: 'back', topic: 'a' },
    ],
    'outputs: the job would feed itself without end: a → b → a; write to another topic',
  ],
  [
    'an input among the topics that an expression chooses from',
    [{ from: 'kept', topicFrom: 'key', topics: ['out', 'a'] }],
    'outputs: the job would feed itself without end: a → a; write to another topic',
  ],
] as const

describe('runtime/topology/feedback.ts', () => {
  for (const [title, outputs, problem] of rows) {
    it(`refuses ${title}`, () => {
      expect(problemsOf([step, back], ['a', 'b'], outputs)).to.deep.equal([problem])
    })
  }

  it('refuses it in TypeScript, too', () => {
    const { inputs } = runtimeConfigSchema
      .pick({ inputs: true })
      .parse({ inputs: [{ name: 'in', topic: 'in' }] })
    expect(() => bind(job(stream('in').to('in')), { inputs })).to.throw(/would feed itself/)
  })

  operatorCases([
    {
      sentence: 'lets a job go on from a topic that it writes itself',
      steps: {
        steps: [
          { name: 'clean', from: 'in', filter: 'value.n > 0' },
          { name: 'doubled', from: 'between', map: { n: 'value.n * 2' } },
        ],
        outputs: [
          { from: 'clean', topic: 'between' },
          { from: 'doubled', topic: 'out' },
        ],
      },
      code: (input, others) => [
        input.filter('clean', ({ value }) => value.n > 0).to('between'),
        others<{ n: number }>('between')
          .mapValues('doubled', ({ value }) => ({ n: value.n * 2 }))
          .to('out'),
      ],
      given: {
        in: [
          ['a', { n: 0 }],
          ['b', { n: 1 }],
        ],
        between: [],
      },
      out: { between: [['b', { n: 1 }]], out: [['b', { n: 2 }]] },
    },
  ])
})
