import { expect } from 'chai'
import fc from 'fast-check'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { table } from '../../../runtime/index.ts'
import { describeTopology } from '../../../runtime/topology/describe.ts'
import { topologyFromSteps } from '../../../runtime/topology/from-steps.ts'
import { internalTopicsOf } from '../../../runtime/topology/internal-topics.ts'
import { subTopologiesOf } from '../../../runtime/topology/sub-topologies.ts'
import { eventually } from '../../support/eventually.ts'
import { JobBench } from '../../support/job-bench.ts'
import { turnCases } from '../../support/turns.ts'

interface Order {
  readonly of: string | null
  readonly n?: number
}

interface Customer {
  readonly name: string
}

const inputs = { orders: 'Table', customers: 'Table' } as const
const orders = table<Order>('orders')
const customers = table<Customer>('customers')
const both = (order: Order, customer: Customer | null) => ({ ...order, customer })
const of = ({ value }: { readonly value: Order }) => value.of
const join = (type: 'Inner' | 'Left') => [
  {
    name: 'known',
    from: 'orders',
    join: { table: 'customers', by: 'value.of', as: 'customer', type },
  },
]

describe('a join of tables by a foreign key', () => {
  turnCases([
    {
      sentence: 'has a row for each left row whose right row is there, which either side renews',
      inputs,
      steps: join('Inner'),
      code: () => orders.joinOn('known', customers, of, both).to('out'),
      turns: [
        ['orders', 'o1', { of: 'c1' }],
        ['customers', 'c1', { name: 'Anna' }, ['o1', { of: 'c1', customer: { name: 'Anna' } }]],
        ['orders', 'o2', { of: 'c1' }, ['o2', { of: 'c1', customer: { name: 'Anna' } }]],
        [
          'customers',
          'c1',
          { name: 'Ann' },
          ['o1', { of: 'c1', customer: { name: 'Ann' } }],
          ['o2', { of: 'c1', customer: { name: 'Ann' } }],
        ],
        ['orders', 'o1', { of: 'c2' }, ['o1', null]],
        ['customers', 'c1', null, ['o2', null]],
        ['customers', 'c2', { name: 'Ben' }, ['o1', { of: 'c2', customer: { name: 'Ben' } }]],
        ['orders', 'o1', null, ['o1', null]],
        ['customers', 'c2', { name: 'Bob' }],
      ],
    },
    {
      sentence: 'has a row for each left row under Left, even one whose foreign key is null',
      inputs,
      steps: join('Left'),
      code: () => orders.leftJoinOn('known', customers, of, both).to('out'),
      turns: [
        ['orders', 'o1', { of: 'c1' }, ['o1', { of: 'c1', customer: null }]],
        ['orders', 'o2', { of: null }, ['o2', { of: null, customer: null }]],
        ['customers', 'c1', { name: 'Anna' }, ['o1', { of: 'c1', customer: { name: 'Anna' } }]],
        ['orders', 'o2', { of: 'c1' }, ['o2', { of: 'c1', customer: { name: 'Anna' } }]],
        [
          'customers',
          'c1',
          null,
          ['o1', { of: 'c1', customer: null }],
          ['o2', { of: 'c1', customer: null }],
        ],
      ],
    },
    {
      sentence: 'lets a left row go whose foreign key becomes null, and takes it again',
      inputs,
      steps: join('Inner'),
      code: () => orders.joinOn('known', customers, of, both).to('out'),
      turns: [
        ['customers', 'c1', { name: 'Anna' }],
        ['orders', 'o1', { of: 'c1' }, ['o1', { of: 'c1', customer: { name: 'Anna' } }]],
        ['orders', 'o1', { of: null }, ['o1', null]],
        ['customers', 'c1', { name: 'Ann' }],
        ['orders', 'o1', { of: 'c1' }, ['o1', { of: 'c1', customer: { name: 'Ann' } }]],
      ],
    },
    {
      sentence: 'says nothing of a row that keeps its foreign key and finds nothing again',
      inputs,
      steps: join('Inner'),
      code: () => orders.joinOn('known', customers, of, both).to('out'),
      turns: [
        ['orders', 'o1', { of: 'c1' }],
        ['orders', 'o1', { of: 'c1', n: 1 }],
        [
          'customers',
          'c1',
          { name: 'Anna' },
          ['o1', { of: 'c1', n: 1, customer: { name: 'Anna' } }],
        ],
        ['customers', 'c1', null, ['o1', null]],
        ['orders', 'o1', { of: 'c1', n: 2 }],
      ],
    },
    {
      sentence: 'sees the right table as its filters leave it, and is a table itself',
      inputs,
      steps: [
        { name: 'short', from: 'customers', filter: 'size(value.name) < 4' },
        {
          name: 'known',
          from: 'orders',
          join: { table: 'short', by: 'value.of', as: 'customer', type: 'Inner' },
        },
        { name: 'large', from: 'known', filter: 'value.n > 5' },
      ],
      code: () =>
        orders
          .joinOn(
            'known',
            customers.filter('short', ({ value }) => value.name.length < 4),
            of,
            both,
          )
          .filter('large', ({ value }) => (value.n ?? 0) > 5)
          .to('out'),
      turns: [
        ['customers', 'c1', { name: 'Anna' }],
        ['orders', 'o1', { of: 'c1', n: 9 }],
        ['customers', 'c1', { name: 'Ann' }, ['o1', { of: 'c1', n: 9, customer: { name: 'Ann' } }]],
        ['orders', 'o1', { of: 'c1', n: 1 }, ['o1', null]],
      ],
    },
  ])

  const subTopologies = subTopologiesOf(
    topologyFromSteps(
      runtimeConfigSchema.pick({ inputs: true, steps: true, outputs: true }).parse({
        inputs: Object.entries(inputs).map(([name, as]) => ({ name, topic: name, as })),
        steps: join('Inner'),
        outputs: [{ from: 'known', topic: 'out' }],
      }),
    ).topology,
    'app',
  )

  it('goes through a topic with the partitions of each side', () => {
    const counts = new Map([
      ['orders', 3],
      ['customers', 5],
    ])
    const topics = internalTopicsOf(subTopologies, counts)
    expect(
      Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions])),
    ).to.deep.equal({
      'app-orders-changelog': 3,
      'app-customers-changelog': 5,
      'app-known-subscription-registration-topic': 5,
      'app-known.subscriptions-changelog': 5,
      'app-known-subscription-response-topic': 3,
      'app-known-changelog': 3,
    })
    expect(describeTopology(subTopologies)).to.contain(
      'repartition known.response topic app-known-subscription-response-topic',
    )
  })

  it('lets go of a row that changes just when its right row goes', () =>
    converges(
      [
        [
          { topic: 'customers', key: 'c1', value: { name: 'A' } },
          { topic: 'orders', key: 'o1', value: { of: 'c1', n: 0 } },
        ],
        [
          { topic: 'orders', key: 'o1', value: { of: 'c1', n: 1 } },
          { topic: 'customers', key: 'c1', value: null },
        ],
      ],
      'Inner',
    ))

  it('lets go of a row that is removed and comes back at once without a foreign key', () =>
    converges(
      [
        [
          { topic: 'orders', key: 'o2', value: { of: 'c1', n: 0 } },
          { topic: 'customers', key: 'c1', value: { name: 'A' } },
        ],
        [
          { topic: 'orders', key: 'o2', value: null },
          { topic: 'orders', key: 'o2', value: { of: null, n: 0 } },
        ],
      ],
      'Inner',
    ))

  it('ends, whatever comes, in whichever order and over a restart, with what the tables have', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(update, { maxLength: 20 }), { minLength: 1, maxLength: 3 }),
        fc.constantFrom('Inner', 'Left'),
        converges,
      ),
      { numRuns: 6 },
    )).timeout(30_000)

  const update = fc.oneof(
    fc.record({
      topic: fc.constant('orders' as const),
      key: fc.constantFrom('o1', 'o2', 'o3', 'o4'),
      value: fc.option(fc.record({ of: fc.constantFrom(null, 'c1', 'c2'), n: fc.nat(2) })),
    }),
    fc.record({
      topic: fc.constant('customers' as const),
      key: fc.constantFrom('c1', 'c2'),
      value: fc.option(fc.record({ name: fc.constantFrom('A', 'B') })),
    }),
  )

  type Update = typeof update extends fc.Arbitrary<infer T> ? T : never

  /** Each of `lives` is what comes while an instance runs, until it stops and another takes its place. */
  async function converges(
    lives: readonly (readonly Update[])[],
    type: 'Inner' | 'Left',
  ): Promise<void> {
    const bench = new JobBench({ orders: 3, customers: 2, out: 3 })
    const seen: Update[] = []
    try {
      for (const updates of lives) {
        const instance = bench.start({
          inputs: Object.entries(inputs).map(([name, as]) => ({ name, topic: name, as })),
          steps: join(type),
          outputs: [{ from: 'known', topic: 'out' }],
        })
        for (const { topic, key, value } of updates) bench.produce(topic, [[key, value]])
        seen.push(...updates)
        await eventually(
          () => {
            bench.expectIdle(instance)
            expect(withoutNulls(bench.latest('out'))).to.deep.equal(expected(seen, type))
          },
          { everyMs: 5 },
        )
        await bench.stop()
      }
    } finally {
      await bench.stop()
    }
  }

  function expected(updates: readonly Update[], type: 'Inner' | 'Left') {
    const [left, right] = (['orders', 'customers'] as const).map((topic) =>
      withoutNulls(
        Object.fromEntries(
          updates.filter((one) => one.topic === topic).map(({ key, value }) => [key, value]),
        ),
      ),
    ) as [Record<string, Order>, Record<string, Customer>]
    const rows = Object.entries(left).map(([key, order]) => {
      const customer = right[order.of ?? ''] ?? null
      return [key, customer === null && type === 'Inner' ? null : { ...order, customer }] as const
    })
    return withoutNulls(Object.fromEntries(rows))
  }
})

const withoutNulls = (rows: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(rows).filter(([, value]) => value !== null))
