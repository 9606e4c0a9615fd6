import { expect } from 'chai'
import { stream } from '../../../runtime/index.ts'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { describeTopology } from '../../../runtime/topology/describe.ts'
import { topologyFromSteps } from '../../../runtime/topology/from-steps.ts'
import { subTopologiesOf } from '../../../runtime/topology/sub-topologies.ts'
import { operatorCases, type Value } from '../../support/operator-cases.ts'
import { problemsOf } from '../../support/problems.ts'

const route = {
  name: 'route',
  from: 'in',
  branches: [
    { name: 'large', when: 'value.n > 500' },
    { name: 'middle', when: 'value.n > 100' },
    { name: 'rest' },
  ],
}

describe('split into branches', () => {
  operatorCases([
    {
      sentence: 'gives each record to the first branch that takes it',
      steps: {
        steps: [route, { name: 'marked', from: 'route.middle', map: { middle: 'value.n' } }],
        outputs: [
          { from: 'route.large', topic: 'large' },
          { from: 'marked', topic: 'middle' },
          { from: 'route.rest', topic: 'rest' },
        ],
      },
      code: (input) => {
        const { large, middle, rest } = input
          .split('route')
          .branch('large', ({ value }) => value.n > 500)
          .branch('middle', ({ value }) => value.n > 100)
          .otherwise('rest')
        const marked = middle.mapValues('marked', ({ value }) => ({ middle: value.n }))
        return [large.to('large'), marked.to('middle'), rest.to('rest')]
      },
      given: {
        in: [
          ['a', { n: 600 }],
          ['b', { n: 500 }],
          ['c', { n: 1 }],
        ],
      },
      out: {
        large: [['a', { n: 600 }]],
        middle: [['b', { middle: 500 }]],
        rest: [['c', { n: 1 }]],
      },
    },
    {
      sentence: 'drops what no branch takes, and what goes to a branch that nothing takes from',
      steps: {
        steps: [{ ...route, branches: route.branches.slice(0, 2) }],
        outputs: [{ from: 'route.middle', topic: 'middle' }],
      },
      code: (input) => {
        const { middle } = input
          .split('route')
          .branch('large', ({ value }) => value.n > 500)
          .branch('middle', ({ value }) => value.n > 100)
          .dropOthers()
        return [middle.to('middle')]
      },
      given: {
        in: [
          ['a', { n: 600 }],
          ['c', { n: 1 }],
          ['b', { n: 500 }],
        ],
      },
      out: { middle: [['b', { n: 500 }]] },
    },
    {
      sentence: 'comes together again by merge',
      steps: {
        steps: [
          route,
          {
            name: 'all',
            merge: ['route.rest', 'route.large'],
            groupBy: 'key',
            aggregate: { n: 'count()' },
          },
        ],
        outputs: [{ from: 'all', topic: 'out' }],
      },
      given: {
        in: [
          ['a', { n: 600 }],
          ['b', { n: 500 }],
          ['a', { n: 1 }],
        ],
      },
      out: {
        out: [
          ['a', { n: 1 }],
          ['a', { n: 2 }],
        ],
      },
    },
    {
      sentence: 'splits and merges forty times over, without a way for each combination',
      steps: {
        steps: [
          { name: 'all-0', from: 'in', filter: 'true' },
          ...Array.from({ length: 40 }, (_, n) => [
            { ...route, name: `route-${n}`, from: `all-${n}` },
            {
              name: `all-${n + 1}`,
              merge: [`route-${n}.large`, `route-${n}.middle`, `route-${n}.rest`],
            },
          ]).flat(),
          { name: 'counts', from: 'all-40', groupBy: 'key', aggregate: { n: 'count()' } },
        ],
        outputs: [{ from: 'counts', topic: 'out' }],
      },
      given: {
        in: [
          ['a', { n: 600 }],
          ['a', { n: 1 }],
        ],
      },
      out: {
        out: [
          ['a', { n: 1 }],
          ['a', { n: 2 }],
        ],
      },
    },
    {
      sentence: 'sets aside a record that a condition cannot judge',
      steps: { steps: [route], outputs: [{ from: 'route.rest', topic: 'rest' }] },
      given: {
        in: [
          ['a', {}],
          ['b', { n: 1 }],
        ],
      },
      out: { rest: [['b', { n: 1 }]] },
      bad: [/n/],
    },
  ])

  it('shows in the description with its conditions', () => {
    const { topology } = topologyFromSteps(
      runtimeConfigSchema.pick({ inputs: true, steps: true, outputs: true }).parse({
        inputs: [{ name: 'in', topic: 'in' }],
        steps: [route],
        outputs: [{ from: 'route.large', topic: 'out' }],
      }),
    )
    expect(
      describeTopology(subTopologiesOf(topology, 'app')).split('\n').slice(2, 5),
    ).to.deep.equal([
      '  split route [large: value.n > 500, middle: value.n > 100, rest] <- in',
      '  branch route.large <- route',
      '  branch route.middle <- route',
    ])
  })

  const problems = [
    [
      'an unknown branch',
      [route, { name: 'x', from: 'route.lage', keyBy: 'key' }],
      'steps[1].from: there is no input or step "route.lage". Did you mean "route.large"?',
    ],
    [
      'the split itself as an origin',
      [route, { name: 'x', merge: ['route', 'in'] }],
      'steps[1].merge[0]: "route" is split into branches: take from route.large or route.middle or route.rest',
    ],
    [
      'a branch that feeds its own split',
      [
        { ...route, from: 'x' },
        { name: 'x', from: 'route.rest', keyBy: 'key' },
      ],
      'steps[0]: the steps form a cycle: route → x → route; a step reads an input or an earlier step',
    ],
  ] as const
  for (const [title, steps, problem] of problems) {
    it(`is refused with ${title}`, () => {
      expect(problemsOf(steps)).to.include(problem)
    })
  }

  it('is refused with a wrong condition, by its place in the list', () => {
    const branches = [{ name: 'a', when: 'value.n >' }]
    expect(problemsOf([{ ...route, branches }])[0]).to.match(/^steps\[0\]\.branches\[0\]\.when: 1:/)
  })

  it('is refused in TypeScript with two branches of one name', () => {
    const split = stream<Value>('in')
      .split('route')
      .branch('a', () => true)
    expect(() => split.otherwise('a')).to.throw('the split "route" has two branches named "a"')
  })
})
