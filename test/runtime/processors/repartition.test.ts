import { expect } from 'chai'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { job, stream } from '../../../runtime/index.ts'
import { describeTopology } from '../../../runtime/topology/describe.ts'
import { topologyFromSteps } from '../../../runtime/topology/from-steps.ts'
import { internalTopicsOf } from '../../../runtime/topology/internal-topics.ts'
import { subTopologiesOf } from '../../../runtime/topology/sub-topologies.ts'
import { eventually } from '../../support/eventually.ts'
import { JobBench } from '../../support/job-bench.ts'
import { operatorCases } from '../../support/operator-cases.ts'

const subTopologiesFor = (steps: readonly { readonly name: string }[]) =>
  subTopologiesOf(
    topologyFromSteps(
      runtimeConfigSchema.pick({ inputs: true, steps: true, outputs: true }).parse({
        inputs: ['a', 'b'].map((name) => ({ name, topic: name })),
        steps,
        outputs: [{ from: steps.at(-1)?.name, topic: 'out' }],
      }),
    ).topology,
    'app',
  )

/** Topic → partitions, of the topics that a job with inputs of 2 and 5 partitions makes for itself. */
const internalPartitions = (steps: readonly { readonly name: string }[]) => {
  const subTopologies = subTopologiesFor(steps)
  const inputs = new Map([
    ['a', 2],
    ['b', 5],
  ])
  return Object.fromEntries(
    internalTopicsOf(subTopologies, inputs).map(({ name, partitions }) => [name, partitions]),
  )
}

const moved = { name: 'moved', from: 'a', keyBy: 'value.card', repartition: {} }
const counted = { name: 'counted', from: 'moved', groupBy: 'key', aggregate: { n: 'count()' } }

describe('repartition', () => {
  operatorCases([
    {
      sentence: 'moves records to their key once: grouping by it does not move them again',
      steps: {
        steps: [
          { name: 'moved', from: 'in', keyBy: 'value.card', repartition: {} },
          { name: 'counts', from: 'moved', groupBy: 'key', aggregate: { n: 'count()' } },
        ],
        outputs: [{ from: 'counts', topic: 'out' }],
      },
      code: (input) => [
        input
          .selectKey('keyed', ({ value }) => value.card)
          .repartition('moved')
          .groupByKey('grouped')
          .aggregate('counts', { initial: () => ({ n: 0 }), add: ({ n }) => ({ n: n + 1 }) })
          .to('out'),
      ],
      given: {
        in: [
          ['x', { card: 'a' }],
          ['y', { card: null }],
          ['z', { card: 'a' }],
        ],
      },
      out: {
        out: [
          ['a', { n: 1 }],
          ['a', { n: 2 }],
        ],
        'test.job-moved-repartition': [
          ['a', { card: 'a' }],
          ['a', { card: 'a' }],
        ],
      },
    },
    {
      sentence: 'lets a tombstone and a text go through as they are',
      steps: {
        steps: [
          { name: 'moved', from: 'in', repartition: {} },
          { name: 'all', from: 'moved', filter: 'true' },
        ],
        outputs: [{ from: 'all', topic: 'out' }],
      },
      code: (input) => [
        input
          .repartition('moved')
          .filter('all', () => true)
          .to('out'),
      ],
      given: {
        in: [
          ['a', null],
          ['b', '"text"'],
        ],
      },
      out: {
        out: [
          ['a', null],
          ['b', 'text'],
        ],
      },
    },
  ])

  it('gives the work behind it as many tasks as partitions, and counts each record once', async () => {
    const bench = new JobBench({ in: 1, out: 1 })
    const instance = bench.start({
      inputs: [{ name: 'in', topic: 'in' }],
      steps: [{ name: 'spread', from: 'in', repartition: { partitions: 3 } }],
      outputs: [{ from: 'spread', topic: 'out' }],
    })
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    bench.produce(
      'in',
      keys.map((key) => [key, {}]),
    )
    await eventually(() =>
      expect(
        bench
          .records('out')
          .map(({ key }) => key)
          .sort(),
      ).to.deep.equal(keys),
    )
    const { tasks, nodes } = instance.status()
    expect(tasks.map(({ id }) => id).sort()).to.deep.equal(['0_0', '1_0', '1_1', '1_2'])
    expect(nodes.spread).to.equal(keys.length)
    await bench.stop()
  })

  const sizes = [
    ['as many as the tasks that write it', [moved, counted], { moved: 2, counted: 2 }],
    [
      'as many as were asked for',
      [{ ...moved, repartition: { partitions: 7 } }, counted],
      { moved: 7, counted: 7 },
    ],
    [
      'as many as the larger of two merged inputs has',
      [{ name: 'moved', merge: ['a', 'b'], repartition: {} }, counted],
      { moved: 5, counted: 5 },
    ],
    [
      'as many as the other side has where sub-topologies feed each other',
      [
        { name: 'there', from: 'a', keyBy: 'key', repartition: {} },
        { name: 'all', merge: ['b', 'there'] },
        { name: 'moved', merge: ['a', 'all'], keyBy: 'key', repartition: {} },
      ],
      { there: 5, moved: 5 },
    ],
  ] as const
  for (const [title, steps, expected] of sizes) {
    it(`makes a topic of partitions: ${title}`, () => {
      const named = Object.entries(internalPartitions(steps)).map(([topic, partitions]) => [
        topic.split('-')[1],
        partitions,
      ])
      expect(Object.fromEntries(named)).to.deep.equal(expected)
    })
  }

  it('shows in the description with its topic and its partitions', () => {
    const text = describeTopology(
      subTopologiesFor([{ ...moved, repartition: { partitions: 7 } }] as never),
    )
    expect(text).to.contain(
      'repartition moved topic app-moved-repartition [7 partitions] <- moved.key',
    )
  })

  it('is refused in TypeScript when a grouping has its name', () => {
    const input = stream('in')
    expect(() =>
      job(
        input.repartition('x').to('a'),
        input
          .groupBy('x', ({ key }) => key)
          .count('n')
          .to('b'),
      ),
    ).to.throw('two steps are named "x.repartition"')
  })
})
