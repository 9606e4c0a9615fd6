import { expect } from 'chai'
import fc from 'fast-check'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { bind } from '../../../runtime/dsl/bind.ts'
import { job, type Output } from '../../../runtime/dsl/job.ts'
import { type Stream, stream } from '../../../runtime/dsl/stream.ts'
import { internalTopicsOf } from '../../../runtime/topology/internal-topics.ts'
import type { JoinType } from '../../../runtime/topology/join-nodes.ts'
import type { JoinWithin } from '../../../runtime/topology/join-window.ts'
import { subTopologiesOf } from '../../../runtime/topology/sub-topologies.ts'
import { operatorCases } from '../../support/operator-cases.ts'
import { type Timed, TimedJob, type Written } from '../../support/timed-job.ts'

type Sides = readonly [left: unknown, right: unknown]

const pair = (left: unknown, right: unknown): Sides => [left, right]

/** The output of a job that joins `l` and `r` into pairs. */
function joined(type: JoinType, within: JoinWithin): Output {
  const [left, right] = [stream('l'), stream('r')]
  const joins: Readonly<Record<JoinType, () => Stream<Sides>>> = {
    Inner: () => left.join('met', right, pair, within),
    Left: () => left.leftJoin('met', right, pair, within),
    Outer: () => left.outerJoin('met', right, pair, within),
  }
  return joins[type]().to('out')
}

const joining = (type: JoinType, within: JoinWithin): TimedJob =>
  TimedJob.ofCode(['l', 'r'], joined(type, within))

const topologyOf = (type: JoinType, within: JoinWithin) =>
  bind(
    job(joined(type, within)),
    runtimeConfigSchema
      .pick({ inputs: true })
      .parse({ inputs: ['l', 'r'].map((name) => ({ name, topic: name })) }),
  )

/** What goes in, in this order, and what comes out; of key `k` unless they say otherwise. */
interface Story {
  readonly sentence: string
  readonly type: JoinType
  readonly within: JoinWithin
  readonly given: readonly Timed[]
  readonly out: readonly Written[]
  readonly dropped?: object
}

const l = (value: unknown, time: number, key: string | null = 'k'): Timed => ['l', key, value, time]
const r = (value: unknown, time: number, key: string | null = 'k'): Timed => ['r', key, value, time]
const met = (left: unknown, right: unknown, time: number, key: string | null = 'k'): Written => [
  key,
  [left, right],
  time,
]

const stories: readonly Story[] = [
  {
    sentence: 'lets records meet whichever comes first, at the time of the later one',
    type: 'Inner',
    within: { within: '10ms' },
    given: [l('a', 5), r('x', 3), r('y', 9), l('b', 4)],
    out: [met('a', 'x', 5), met('a', 'y', 9), met('b', 'x', 4), met('b', 'y', 9)],
  },
  {
    sentence: 'counts both ends of the window',
    type: 'Inner',
    within: { within: '10ms' },
    given: [l('a', 100), r('x', 89), r('y', 90), r('z', 110), r('w', 111)],
    out: [met('a', 'y', 100), met('a', 'z', 110)],
  },
  {
    sentence: 'tells before from after, as seen from the left',
    type: 'Inner',
    within: { before: '2ms', after: '5ms', grace: '10ms' },
    given: [l('a', 100), r('x', 97), r('y', 98), r('z', 105), r('w', 106), l('b', 101)],
    out: [met('a', 'y', 100), met('a', 'z', 105), met('b', 'z', 105), met('b', 'w', 106)],
  },
  {
    sentence: 'keeps keys apart',
    type: 'Inner',
    within: { within: '10ms' },
    given: [l('a', 1, 'p'), r('x', 1, 'q'), r('y', 1, 'p')],
    out: [met('a', 'y', 1, 'p')],
  },
  {
    sentence: 'lets several records of one time meet each',
    type: 'Inner',
    within: { within: '10ms' },
    given: [l('a', 1), l('b', 1), r('x', 1), r('y', 1)],
    out: [met('a', 'x', 1), met('b', 'x', 1), met('a', 'y', 1), met('b', 'y', 1)],
  },
  {
    sentence: 'drops what has no key or no value, and counts it',
    type: 'Inner',
    within: { within: '10ms' },
    given: [l('a', 1, null), r(null, 1), r('x', 1, null)],
    out: [],
    dropped: { 'met.left': { 'null-key': 1 }, 'met.right': { 'null-value': 1, 'null-key': 1 } },
  },
  {
    sentence: 'has forgotten what is older than its retention: the window and its grace',
    type: 'Inner',
    within: { within: '10ms', grace: '5ms' },
    given: [l('a', 0), l('b', 1), l('c', 25), r('x', 1), r('y', 10)],
    out: [met('b', 'x', 1), met('b', 'y', 10)],
  },
  {
    sentence: 'keeps a left record that met nothing, once its window is over, at its own time',
    type: 'Left',
    within: { within: '10ms' },
    given: [l('a', 0), r('x', 10, 'other'), r('y', 11, 'other')],
    out: [met('a', null, 0)],
  },
  {
    sentence: 'waits for the grace, too',
    type: 'Left',
    within: { within: '10ms', grace: '5ms' },
    given: [l('a', 0), r('x', 15, 'other'), r('y', 16, 'other')],
    out: [met('a', null, 0)],
  },
  {
    sentence: 'does not keep what has met something, however late that came',
    type: 'Left',
    within: { within: '10ms', grace: '5ms' },
    given: [l('a', 0), l('b', 14), r('x', 9), l('c', 40)],
    out: [met('a', 'x', 9), met('b', 'x', 14)],
  },
  {
    sentence: 'keeps nothing of the right side of a left join',
    type: 'Left',
    within: { within: '10ms' },
    given: [r('x', 0), l('a', 100), l('b', 200)],
    out: [met('a', null, 100)],
  },
  {
    sentence:
      'keeps records of both sides of an outer join, by time, and of one time the right first',
    type: 'Outer',
    within: { within: '10ms' },
    given: [l('a', 1, 'p'), r('x', 1, 'q'), r('y', 0, 'q'), l('b', 100, 'p')],
    out: [met(null, 'y', 0, 'q'), met(null, 'x', 1, 'q'), met('a', null, 1, 'p')],
  },
  {
    sentence: 'lets go at once what comes when its window is over, and drops it not',
    type: 'Outer',
    within: { within: '10ms' },
    given: [l('a', 100, 'p'), r('x', 89, 'q'), r('y', 90, 'q')],
    out: [met(null, 'x', 89, 'q')],
  },
  {
    sentence: 'ends no window for a record that is not the latest',
    type: 'Left',
    within: { within: '10ms' },
    given: [l('a', 0), r('x', 5, null), r(null, 50), r('y', 20, 'other'), r('z', 50, 'other')],
    out: [met('a', null, 0)],
    dropped: { 'met.right': { 'null-key': 1, 'null-value': 1 } },
  },
  {
    sentence: 'lets a record without key of a side that is kept go on by itself, at once',
    type: 'Outer',
    within: { within: '10ms' },
    given: [l('a', 1, null), r('x', 2, null)],
    out: [met('a', null, 1, null), met(null, 'x', 2, null)],
  },
  {
    sentence: 'keeps all records of one key and time that met nothing',
    type: 'Left',
    within: { within: '10ms' },
    given: [l('a', 1), l('b', 1), r('x', 100, 'other')],
    out: [met('a', null, 1), met('b', null, 1)],
  },
  {
    sentence:
      'looks again only when the record is over that the last look ended at, as Kafka Streams',
    type: 'Left',
    within: { within: '10ms' },
    given: [
      l('a', 0, 'p'),
      l('b', 5, 'p'),
      l('c', 9, 'p'),
      r('x', 12, 'q'),
      l('d', 16, 'q'),
      r('y', 20, 'q'),
    ],
    out: [
      met('a', null, 0, 'p'),
      met('d', 'x', 16, 'q'),
      met('b', null, 5, 'p'),
      met('c', null, 9, 'p'),
      met('d', 'y', 20, 'q'),
    ],
  },
  {
    sentence: 'goes by the window of the other side where they differ',
    type: 'Outer',
    within: { before: '1ms', after: '10ms' },
    given: [r('x', 0, 'q'), l('a', 5, 'p'), r('y', 6, 'q'), l('b', 100, 'p')],
    out: [met(null, 'x', 0, 'q'), met('a', null, 5, 'p'), met(null, 'y', 6, 'q')],
  },
]

describe('stream-join', () => {
  for (const { sentence, type, within, given, out, dropped = {} } of stories) {
    it(`${sentence} (${type})`, async () => {
      const job = joining(type, within)
      await job.feed(...given)
      expect(job.out()).to.deep.equal(out)
      expect(job.dropped).to.deep.equal(dropped)
    })
  }

  operatorCases([
    {
      sentence: 'adds what was met as a field',
      steps: {
        steps: [
          {
            name: 'shipped',
            from: 'in',
            join: { stream: 'shipments', as: 'shipment', within: '1m' },
          },
        ],
        outputs: [{ from: 'shipped', topic: 'out' }],
      },
      code: (input, others) => [
        input
          .join('shipped', others('shipments'), (order, shipment) => ({ ...order, shipment }), {
            within: '1m',
          })
          .to('out'),
      ],
      given: {
        in: [['a', { n: 1 }]],
        shipments: [
          ['a', { by: 'sea' }],
          ['b', { by: 'air' }],
        ],
      },
      out: { out: [['a', { n: 1, shipment: { by: 'sea' } }]] },
    },
    {
      sentence: 'brings records to the key that they are joined by',
      steps: {
        steps: [
          {
            name: 'shipped',
            from: 'in',
            join: {
              stream: 'shipments',
              by: 'value.card',
              otherBy: 'value.order',
              as: 'by',
              within: '1m',
            },
          },
        ],
        outputs: [{ from: 'shipped', topic: 'out' }],
      },
      code: (input, others) => [
        input
          .selectKey('by-card', ({ value }) => value.card)
          .join(
            'shipped',
            others<{ order: string }>('shipments').selectKey(
              'by-order',
              ({ value }) => value.order,
            ),
            (order, by) => ({ ...order, by }),
            { within: '1m' },
          )
          .to('out'),
      ],
      given: { in: [['x', { card: 'c' }]], shipments: [['y', { order: 'c' }]] },
      out: { out: [['c', { card: 'c', by: { order: 'c' } }]] },
    },
    {
      sentence: 'lets a stream meet itself: each record both sides of it',
      steps: {
        steps: [{ name: 'twice', from: 'in', join: { stream: 'in', as: 'other', within: '1m' } }],
        outputs: [{ from: 'twice', topic: 'out' }],
      },
      code: (input) => [
        input.join('twice', input, (one, other) => ({ ...one, other }), { within: '1m' }).to('out'),
      ],
      given: {
        in: [
          ['a', { n: 1 }],
          ['a', { n: 2 }],
        ],
      },
      out: {
        out: [
          ['a', { n: 1, other: { n: 1 } }],
          ['a', { n: 2, other: { n: 1 } }],
          ['a', { n: 1, other: { n: 2 } }],
          ['a', { n: 2, other: { n: 2 } }],
        ],
      },
    },
    {
      sentence: 'sets a record aside that has no fields to add one to',
      steps: {
        steps: [{ name: 'met', from: 'in', join: { stream: 'r', as: 'x', within: '1m' } }],
        outputs: [{ from: 'met', topic: 'out' }],
      },
      given: { in: [['a', 5]], r: [['a', {}]] },
      out: { out: [] },
      bad: [/the field x is added to an object, not to a number/],
    },
  ])

  it('keeps its records in topics as Kafka Streams does', () => {
    const [subTopology] = subTopologiesOf(
      topologyOf('Left', { within: '10ms', grace: '5ms' }),
      'app',
    )
    const configs = Object.fromEntries(
      internalTopicsOf(
        subTopology === undefined ? [] : [subTopology],
        new Map([
          ['l', 1],
          ['r', 1],
        ]),
      ).map(({ name, config }) => [name, [config['cleanup.policy'], config['retention.ms']]]),
    )
    const kept = String(24 * 60 * 60 * 1000 + 25)
    expect(configs).to.deep.equal({
      'app-met.left-changelog': ['delete', kept],
      'app-met.unmatched-changelog': ['compact', undefined],
      'app-met.right-changelog': ['delete', kept],
    })
  })

  it('has met nothing in a record that fails further on', async () => {
    const failing = stream('l')
      .leftJoin('met', stream('r'), pair, { within: '10ms' })
      .mapValues('careful', ({ value }) => {
        if (value[0] === 'bad' && value[1] !== null) throw new Error('cannot bear it')
        return value
      })
    const job = TimedJob.ofCode(['l', 'r'], failing.to('out'))
    await job.feed(l('bad', 1), r('x', 2), l('good', 3), r('end', 100, 'other'))
    expect(job.out()).to.deep.equal([met('bad', null, 1), met('good', null, 3)])
    expect(job.out('dead-letters')).to.have.length(1)
  })

  const key = fc.constantFrom('p', 'q')
  const side = fc.constantFrom('l', 'r')
  const records = fc
    .array(fc.tuple(side, key, fc.integer({ min: 0, max: 60 })), { maxLength: 25 })
    .map((all) => all.map(([topic, of, time], n): Timed => [topic, of, n, time]))
  const windows = fc.record({
    beforeMs: fc.integer({ min: 1, max: 20 }),
    afterMs: fc.integer({ min: 1, max: 20 }),
  })

  it('lets every two records within the window meet exactly once, whatever their order', async () => {
    await fc.assert(
      fc.asyncProperty(records, windows, async (given, { beforeMs, afterMs }) => {
        const job = joining('Inner', {
          before: `${beforeMs}ms`,
          after: `${afterMs}ms`,
          grace: '60ms',
        })
        await job.feed(...given)
        expect(sorted(job.out())).to.deep.equal(sorted(pairsOf(given, beforeMs, afterMs)))
      }),
      { numRuns: 60 },
    )
  })

  it('keeps each record that meets nothing exactly once, if records come in the order of time', async () => {
    await fc.assert(
      fc.asyncProperty(records, windows, async (all, { beforeMs, afterMs }) => {
        const given = all.toSorted((a, b) => a[3] - b[3])
        const job = joining('Outer', { before: `${beforeMs}ms`, after: `${afterMs}ms` })
        await job.feed(...given, ['l', 'end', 'end', 10_000])
        const pairs = pairsOf(given, beforeMs, afterMs)
        const matched = new Set(pairs.flatMap(([, [left, right]]) => [left, right]))
        const alone = given
          .filter(([, , value]) => !matched.has(value))
          .map(([topic, of, value, time]) =>
            topic === 'l' ? met(value, null, time, of) : met(null, value, time, of),
          )
        expect(sorted(job.out())).to.deep.equal(sorted([...pairs, ...alone]))
      }),
      { numRuns: 60 },
    )
  })

  it('goes on after a crash as if there had been none', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.nat(24), async (all, crashAt) => {
        const given = all.toSorted((a, b) => a[3] - b[3])
        const [calm, crashed] = [1, 2].map(() =>
          joining('Outer', { within: '10ms', grace: '60ms' }),
        )
        if (calm === undefined || crashed === undefined) return
        const end: Timed = ['l', 'end', 'end', 10_000]
        await calm.feed(...given, end)
        await crashed.feed(...given.slice(0, crashAt))
        crashed.commit()
        await crashed.crash()
        await crashed.feed(...given.slice(crashAt), end)
        // Stream time begins anew, so the moment at which a record is let go may differ, but not which are.
        expect(sorted(crashed.out())).to.deep.equal(sorted(calm.out()))
      }),
      { numRuns: 40 },
    )
  })
})

function pairsOf(given: readonly Timed[], beforeMs: number, afterMs: number) {
  const of = (topic: string) => given.filter((record) => record[0] === topic)
  return of('l').flatMap(([, key, left, at]) =>
    of('r')
      .filter(([, other, , time]) => other === key && time >= at - beforeMs && time <= at + afterMs)
      .map(([, , right, time]) => [key, [left, right], Math.max(at, time)] as const),
  )
}

const sorted = (records: readonly (readonly unknown[])[]): readonly string[] =>
  records.map((record) => JSON.stringify(record)).toSorted()
