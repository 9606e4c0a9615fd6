import { expect } from 'chai'
import { InvalidJob } from '../../../runtime/errors.ts'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { table } from '../../../runtime/index.ts'
import { topologyFromSteps } from '../../../runtime/topology/from-steps.ts'
import { internalTopicsOf } from '../../../runtime/topology/internal-topics.ts'
import { subTopologiesOf } from '../../../runtime/topology/sub-topologies.ts'
import { problemsOf } from '../../support/problems.ts'
import { turnCases } from '../../support/turns.ts'

interface Named {
  readonly n: number
}

const inputs = { a: 'Table', b: 'Table' } as const
const [a, b] = [table<Named>('a'), table<Named>('b')]
const both = (left: Named | null, right: Named | null) => ({ ...left, right })

describe('a join of tables', () => {
  turnCases([
    {
      sentence: 'has a row for each key that both have, which either side renews',
      inputs,
      steps: [{ name: 'joined', from: 'a', join: { table: 'b', as: 'right', type: 'Inner' } }],
      code: () => a.join('joined', b, both).to('out'),
      turns: [
        ['a', 'x', { n: 1 }],
        ['b', 'y', { n: 2 }],
        ['b', 'x', { n: 3 }, ['x', { n: 1, right: { n: 3 } }]],
        ['a', 'x', { n: 4 }, ['x', { n: 4, right: { n: 3 } }]],
        ['b', 'x', null, ['x', null]],
        ['a', 'x', null],
        ['b', 'x', null],
        ['b', 'x', { n: 5 }],
      ],
    },
    {
      sentence: 'has a row for each row of the left under Left',
      inputs,
      steps: [{ name: 'joined', from: 'a', join: { table: 'b', as: 'right', type: 'Left' } }],
      code: () => a.leftJoin('joined', b, both).to('out'),
      turns: [
        ['a', 'x', { n: 1 }, ['x', { n: 1, right: null }]],
        ['b', 'y', { n: 2 }],
        ['b', 'x', { n: 3 }, ['x', { n: 1, right: { n: 3 } }]],
        ['b', 'x', null, ['x', { n: 1, right: null }]],
        ['a', 'x', null, ['x', null]],
        ['a', 'z', null],
      ],
    },
    {
      sentence: 'has a row for each row of either side under Outer',
      inputs,
      steps: [{ name: 'joined', from: 'a', join: { table: 'b', as: 'right', type: 'Outer' } }],
      code: () => a.outerJoin('joined', b, both).to('out'),
      turns: [
        ['a', 'x', { n: 1 }, ['x', { n: 1, right: null }]],
        ['b', 'y', { n: 2 }, ['y', { right: { n: 2 } }]],
        ['b', 'x', { n: 3 }, ['x', { n: 1, right: { n: 3 } }]],
        ['a', 'x', null, ['x', { right: { n: 3 } }]],
        ['b', 'x', null, ['x', null]],
        ['b', 'x', null],
      ],
    },
    {
      sentence: 'sees the other table as its filters and maps leave it',
      inputs,
      steps: [
        { name: 'large', from: 'b', filter: 'value.n > 5' },
        { name: 'twice', from: 'large', map: { n: 'value.n * 2' } },
        { name: 'joined', from: 'a', join: { table: 'twice', as: 'right', type: 'Left' } },
      ],
      code: () =>
        a
          .leftJoin(
            'joined',
            b
              .filter('large', ({ value }) => value.n > 5)
              .mapValues('twice', ({ value }) => ({ n: value.n * 2 })),
            both,
          )
          .to('out'),
      turns: [
        ['b', 'x', { n: 1 }],
        ['a', 'x', { n: 1 }, ['x', { n: 1, right: null }]],
        ['b', 'x', { n: 6 }, ['x', { n: 1, right: { n: 12 } }]],
        ['a', 'x', { n: 2 }, ['x', { n: 2, right: { n: 12 } }]],
        ['b', 'x', { n: 2 }, ['x', { n: 2, right: null }]],
      ],
    },
    {
      sentence: 'joins what another join has made, and an aggregate by what it gives',
      inputs,
      steps: [
        { name: 'pairs', from: 'a', join: { table: 'b', as: 'right', type: 'Left' } },
        { name: 'mean', from: 'b', groupBy: 'key', aggregate: { n: 'avg(value.n)' }, as: 'Table' },
        { name: 'all', from: 'mean', join: { table: 'pairs', as: 'right', type: 'Inner' } },
      ],
      code: () => {
        const pairs = a.leftJoin('pairs', b, both)
        const mean = b
          .groupBy('means', ({ key }) => key)
          .aggregate<readonly number[], Named>('mean', {
            initial: () => [],
            add: (all, { value }) => [...all, value.n],
            subtract: (all, { value }) => all.filter((n) => n !== value.n),
            result: (all) => ({ n: all.reduce((x, y) => x + y, 0) / all.length }),
          })
        return mean.join('all', pairs, (left, right) => ({ ...left, right })).to('out')
      },
      turns: [
        ['b', 'x', { n: 2 }],
        ['a', 'x', { n: 1 }, ['x', { n: 2, right: { n: 1, right: { n: 2 } } }]],
      ],
    },
  ])

  const steps = [{ name: 'joined', from: 'a', join: { table: 'b', as: 'right' } }]
  const config = (keyFormat: 'String' | 'Long') =>
    ['a', 'b'].map((name) => ({
      name,
      topic: name,
      as: 'Table' as const,
      ...(name === 'b' ? { keyFormat } : {}),
    }))

  it('is refused where keys are written differently', () => {
    expect(problemsOf(steps, config('Long'))[0]).to.match(/String on the left, Long on the right/)
  })

  it('is refused where topics have different partition counts, unless one is the job’s own', () => {
    const topicsOf = (steps: readonly object[]) =>
      internalTopicsOf(
        subTopologiesOf(
          topologyFromSteps(
            runtimeConfigSchema.pick({ inputs: true, steps: true, outputs: true }).parse({
              inputs: config('String'),
              steps,
              outputs: [{ from: 'joined', topic: 'out' }],
            }),
          ).topology,
          'app',
        ),
        new Map([
          ['a', 2],
          ['b', 3],
        ]),
      )
    expect(() => topicsOf(steps)).to.throw(
      InvalidJob,
      /"joined".*joins topics of different partition counts: a \(2\), b \(3\)/s,
    )
    const moved = [
      { name: 'updates', from: 'b', as: 'Stream' },
      { name: 'moved', from: 'updates', keyBy: 'value.n', as: 'Table' },
      { name: 'joined', from: 'a', join: { table: 'moved', as: 'right' } },
    ]
    expect(topicsOf(moved)).to.deep.include.members([
      { name: 'app-moved-repartition', partitions: 2, config: topicsOf(moved)[0]?.config },
    ])
  })
})
