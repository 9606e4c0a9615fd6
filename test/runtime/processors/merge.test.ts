import { expect } from 'chai'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { InvalidJob } from '../../../runtime/errors.ts'
import { describeTopology } from '../../../runtime/topology/describe.ts'
import { topologyFromSteps } from '../../../runtime/topology/from-steps.ts'
import { taskCountsOf } from '../../../runtime/topology/internal-topics.ts'
import { subTopologiesOf } from '../../../runtime/topology/sub-topologies.ts'
import { problemsOf } from '../../support/problems.ts'
import { operatorCases } from '../../support/operator-cases.ts'

const topologyOf = (steps: readonly object[]) =>
  subTopologiesOf(
    topologyFromSteps(
      runtimeConfigSchema.pick({ inputs: true, steps: true, outputs: true }).parse({
        inputs: ['a', 'b'].map((name) => ({ name, topic: name })),
        steps,
        outputs: [{ from: 'all', topic: 'out' }],
      }),
    ).topology,
    'app',
  )

describe('merge', () => {
  operatorCases([
    {
      sentence: 'takes the records of all its parents',
      steps: {
        steps: [
          { name: 'small', from: 'in', filter: 'value.n < 2' },
          { name: 'big', from: 'in', filter: 'value.n > 2' },
          { name: 'all', merge: ['small', 'big'] },
        ],
        outputs: [{ from: 'all', topic: 'out' }],
      },
      code: (input) => [
        input
          .filter('small', ({ value }) => value.n < 2)
          .merge(
            'all',
            input.filter('big', ({ value }) => value.n > 2),
          )
          .to('out'),
      ],
      given: {
        in: [
          ['a', { n: 1 }],
          ['b', { n: 2 }],
          ['c', { n: 3 }],
          ['d', null],
        ],
      },
      out: {
        out: [
          ['a', { n: 1 }],
          ['c', { n: 3 }],
        ],
      },
      bad: [/no field|null/],
    },
    {
      sentence: 'takes a record twice that comes by two ways',
      steps: {
        steps: [
          { name: 'left', from: 'in', map: { way: '"left"' } },
          { name: 'right', from: 'in', map: { way: '"right"' } },
          { name: 'all', merge: ['left', 'right'], filter: 'value.way != ""' },
        ],
        outputs: [{ from: 'all', topic: 'out' }],
      },
      code: (input) => [
        input
          .mapValues('left', () => ({ way: 'left' }))
          .merge(
            'all',
            input.mapValues('right', () => ({ way: 'right' })),
          )
          .to('out'),
      ],
      given: { in: [['a', {}]] },
      out: {
        out: [
          ['a', { way: 'left' }],
          ['a', { way: 'right' }],
        ],
      },
    },
    {
      sentence: 'moves records to their key if one of the parents has changed it',
      steps: {
        steps: [
          { name: 'keyed', from: 'in', keyBy: 'value.card' },
          { name: 'counts', merge: ['in', 'keyed'], groupBy: 'key', aggregate: { n: 'count()' } },
        ],
        outputs: [{ from: 'counts', topic: 'out' }],
      },
      code: (input) => [
        input
          .merge(
            'both',
            input.selectKey('keyed', ({ value }) => value.card),
          )
          .groupByKey('counted')
          .aggregate('counts', { initial: () => ({ n: 0 }), add: ({ n }) => ({ n: n + 1 }) })
          .to('out'),
      ],
      given: { in: [['x', { card: 'x' }]] },
      out: {
        out: [
          ['x', { n: 1 }],
          ['x', { n: 2 }],
        ],
      },
    },
  ])

  it('makes one sub-topology of the inputs it merges, and says where it takes from', () => {
    const subTopologies = topologyOf([{ name: 'all', merge: ['a', 'b'] }])
    expect(describeTopology(subTopologies).split('\n')).to.deep.equal([
      'Sub-topology: 0',
      '  source a topic a',
      '  source b topic b',
      '  merge all <- a, b',
      '  sink outputs[0] -> topic out <- all',
    ])
  })

  it('counts tasks by the largest topic', () => {
    const counts = taskCountsOf(
      topologyOf([{ name: 'all', merge: ['a', 'b'] }]),
      new Map([
        ['a', 2],
        ['b', 5],
      ]),
    )
    expect([...counts]).to.deep.equal([[0, 5]])
  })

  it('refuses to group what comes from topics of different partition counts', () => {
    const subTopologies = topologyOf([
      { name: 'all', merge: ['a', 'b'], groupBy: 'key', aggregate: { n: 'count()' } },
    ])
    const counts = new Map([
      ['a', 2],
      ['b', 5],
    ])
    expect(() => taskCountsOf(subTopologies, counts)).to.throw(
      InvalidJob,
      /"all": keeps state by key of what was merged from .*a \(2\), b \(5\).*repartition: \{\}/,
    )
    expect(taskCountsOf(subTopologies, new Map([...counts, ['a', 5]])).get(0)).to.equal(5)
  })

  const problems = [
    [
      'an unknown parent',
      { name: 'all', merge: ['a', 'bb'] },
      'steps[0].merge[1]: there is no input or step "bb". Did you mean "b"?',
    ],
    [
      'a step that merges itself',
      { name: 'all', merge: ['a', 'all'] },
      'steps[0]: the steps form a cycle: all → all; a step reads an input or an earlier step',
    ],
  ] as const
  for (const [title, step, problem] of problems) {
    it(`is refused with ${title}`, () => {
      expect(problemsOf([step], ['a', 'b'])).to.include(problem)
    })
  }
})
