import { deepStrictEqual } from 'node:assert'
import { expect } from 'chai'
import { hopping, session, sliding, tumbling } from '../../../runtime/dsl/windows.ts'
import { job } from '../../../runtime/dsl/job.ts'
import { stream } from '../../../runtime/dsl/stream.ts'
import { eventually } from '../../support/eventually.ts'
import { JobBench } from '../../support/job-bench.ts'
import { operatorCases } from '../../support/operator-cases.ts'
import { problemsOf } from '../../support/problems.ts'

const at = (n: number) => ({ n })
/** Seconds of the records of the cases are in their `n`. */
const inputs = { eventTime: 'value.n * 1000' }

const counts = (window: object) => ({
  steps: [
    { name: 'counts', from: 'in', groupBy: 'key', window, aggregate: { n: 'count()' } },
    { name: 'shown', from: 'counts', map: { n: 'value.n', w: '[window.start, window.end]' } },
  ],
  outputs: [
    { from: 'shown', topic: 'out' },
    { from: 'counts.late', topic: 'late' },
  ],
})

describe('window', () => {
  let opened: JobBench | undefined

  afterEach(() => opened?.stop())

  const newBench = (topics: Readonly<Record<string, number>>) => (opened = new JobBench(topics))

  operatorCases([
    {
      sentence: 'counts by tumbling windows, and gives what comes late to whom takes it',
      inputs,
      steps: counts({ tumbling: '10s', grace: '5s' }),
      code: (input) => {
        const table = input
          .groupByKey('by-key')
          .windowedBy(tumbling('10s', { grace: '5s' }))
          .count('counts')
        const shown = table.toStream().mapValues('shown', ({ value, window }) => ({
          n: value,
          w: [window?.start, window?.end],
        }))
        return [shown.to('out'), table.late().to('late')]
      },
      given: {
        in: [
          ['a', at(1)],
          ['a', at(14)],
          ['a', at(2)],
          ['a', at(15)],
          ['a', at(3)],
        ],
      },
      out: {
        out: [
          ['a', { n: 1, w: [0, 10_000] }],
          ['a', { n: 1, w: [10_000, 20_000] }],
          ['a', { n: 2, w: [0, 10_000] }],
          ['a', { n: 2, w: [10_000, 20_000] }],
        ],
        late: [['a', at(3)]],
      },
    },
    {
      sentence: 'counts by hopping windows, once for each when they close',
      inputs,
      steps: counts({ hopping: '10s', every: '5s', emit: 'OnClose' }),
      code: (input) => {
        const table = input
          .groupByKey('by-key')
          .windowedBy(hopping('10s', { every: '5s', emit: 'OnClose' }))
          .count('counts')
        const shown = table.toStream().mapValues('shown', ({ value, window }) => ({
          n: value,
          w: [window?.start, window?.end],
        }))
        return [shown.to('out'), table.late().to('late')]
      },
      given: {
        in: [
          ['a', at(6)],
          ['a', at(7)],
          ['a', at(15)],
        ],
      },
      out: {
        out: [
          ['a', { n: 2, w: [0, 10_000] }],
          ['a', { n: 2, w: [5_000, 15_000] }],
        ],
        late: [],
      },
    },
    {
      sentence: 'finds what lies close together by sliding windows',
      inputs,
      steps: counts({ sliding: '10s' }),
      code: (input) => {
        const table = input.groupByKey('by-key').windowedBy(sliding('10s')).count('counts')
        const shown = table.toStream().mapValues('shown', ({ value, window }) => ({
          n: value,
          w: [window?.start, window?.end],
        }))
        return [shown.to('out'), table.late().to('late')]
      },
      given: {
        in: [
          ['a', at(20)],
          ['a', at(25)],
        ],
      },
      out: {
        out: [
          ['a', { n: 1, w: [10_000, 20_000] }],
          ['a', { n: 1, w: [20_001, 30_001] }],
          ['a', { n: 2, w: [15_000, 25_000] }],
        ],
        late: [],
      },
    },
    {
      sentence: 'counts by sessions, without a word of those that became part of another',
      inputs,
      steps: counts({ session: '10s', grace: '1m' }),
      given: {
        in: [
          ['a', at(0)],
          ['a', at(20)],
          ['a', at(10)],
        ],
      },
      out: {
        out: [
          ['a', { n: 1, w: [0, 0] }],
          ['a', { n: 1, w: [20_000, 20_000] }],
          ['a', { n: 3, w: [0, 20_000] }],
        ],
        late: [],
      },
    },
    {
      sentence: 'says of sessions that became part of another that they are gone',
      inputs,
      code: (input) => [
        input.groupByKey('by-key').windowedBy(session('10s')).count('counts').to('out'),
      ],
      given: {
        in: [
          ['a', at(0)],
          ['a', at(5)],
        ],
      },
      out: {
        out: [
          ['a', 1],
          ['a', null],
          ['a', 2],
        ],
      },
    },
    {
      sentence: 'reduces what a window holds, and of a session what it came to hold',
      inputs,
      code: (input) => {
        const grouped = input.groupByKey('by-key')
        const latest = (a: { n: number }, b: { n: number }) => (a.n > b.n ? a : b) as never
        return [
          grouped.windowedBy(tumbling('1m')).reduce('in-minute', latest).to('out'),
          grouped.windowedBy(session('1m')).reduce('in-session', latest).to('sessions'),
        ]
      },
      given: {
        in: [
          ['a', at(5)],
          ['a', at(3)],
        ],
      },
      out: {
        out: [
          ['a', at(5)],
          ['a', at(5)],
        ],
        sessions: [
          ['a', at(5)],
          ['a', null],
          ['a', at(5)],
        ],
      },
    },
    {
      sentence: 'is gone behind an aggregate of all windows of a key, and behind another key',
      inputs,
      steps: {
        steps: [
          {
            ...{ name: 'counts', from: 'in', groupBy: 'key' },
            ...{ window: { tumbling: '10s' }, aggregate: { n: 'count()' } },
          },
          { name: 'most', from: 'counts', groupBy: 'key', aggregate: { n: 'max(value.n)' } },
          { name: 'shown', from: 'most', map: { n: 'value.n', w: 'window' } },
          { name: 'other', from: 'counts', keyBy: '"x"' },
          { name: 'keyed', from: 'other', map: { w: 'window' } },
        ],
        outputs: [
          { from: 'shown', topic: 'out' },
          { from: 'keyed', topic: 'keyed' },
        ],
      },
      given: { in: [['a', at(1)]] },
      out: { out: [['a', { n: 1, w: null }]], keyed: [['x', { w: null }]] },
    },
  ])

  it('is written into keys where that is asked for, and goes through a repartition topic in them', async () => {
    const bench = newBench({ in: 1, out: 4, plain: 4 })
    bench.start({
      inputs: [{ name: 'in', topic: 'in', ...inputs }],
      steps: [
        {
          ...{ name: 'counts', from: 'in', groupBy: 'key' },
          ...{ window: { tumbling: '10s' }, aggregate: { n: 'count()' } },
        },
        { name: 'moved', from: 'counts', repartition: { partitions: 3 } },
        { name: 'shown', from: 'moved', map: { key: 'key', w: 'window' } },
      ],
      outputs: [
        { from: 'shown', topic: 'out', windowedKey: true },
        { from: 'shown', topic: 'plain' },
      ],
    })
    bench.produce('in', [['ab', at(258)]])
    const window = { start: 250_000, end: 260_000 }
    const value = { key: 'ab', w: window }
    await bench.expectValues('plain', [value])
    await bench.expectValues('out', [value])
    const key = Buffer.from('6162000000000003d090', 'hex').toString()
    for (const topic of ['out', 'test.job-moved-repartition'])
      expect(bench.records(topic).map((record) => record.key)).to.deep.equal([key])
    const partitionOf = (topic: string) =>
      bench.embedded.topics.get(topic)?.logs.findIndex(({ endOffset }) => endOffset > 0)
    expect(partitionOf('out')).to.equal(partitionOf('plain'))
  })

  it('of a session is written into keys with its end first', async () => {
    const bench = newBench({ in: 1, out: 1 })
    bench.start({
      inputs: [{ name: 'in', topic: 'in', eventTime: 'value.n' }],
      steps: [
        {
          ...{ name: 'counts', from: 'in', groupBy: 'key' },
          ...{ window: { session: '10s' }, aggregate: { n: 'count()' } },
        },
      ],
      outputs: [{ from: 'counts', topic: 'out', windowedKey: true }],
    })
    bench.produce('in', [
      ['a', at(1)],
      ['a', at(2)],
    ])
    const time = (n: number) => '\u0000'.repeat(7) + String.fromCharCode(n)
    await eventually(
      () =>
        deepStrictEqual(
          bench.records('out').map(({ key }) => key),
          [`a${time(1)}${time(1)}`, `a${time(2)}${time(1)}`],
        ),
      { everyMs: 5 },
    )
  })

  it('counts in the status what it left out', async () => {
    const bench = newBench({ in: 1, out: 1 })
    const { steps } = counts({ tumbling: '10s' })
    const instance = bench.start({
      inputs: [{ name: 'in', topic: 'in', ...inputs }],
      steps,
      outputs: [{ from: 'shown', topic: 'out' }],
    })
    bench.produce('in', [
      ['a', at(30)],
      ['a', at(1)],
      [null, at(31)],
    ])
    await eventually(
      () => deepStrictEqual(instance.status().dropped, { counts: { late: 1, 'null-key': 1 } }),
      { everyMs: 5 },
    )
  })

  it('closes, where it is asked for, when nothing comes any more', async () => {
    const bench = newBench({ in: 1, out: 1 })
    bench.start({
      time: { idleAfterMs: 50 },
      inputs: [{ name: 'in', topic: 'in' }],
      steps: counts({ tumbling: '200ms', emit: 'OnClose' }).steps,
      outputs: [{ from: 'shown', topic: 'out' }],
    })
    bench.produce('in', [['a', {}]])
    const w = [1_700_000_000_000, 1_700_000_000_200]
    await bench.expectValues('out', [{ n: 1, w }])
  })

  const wrong: Readonly<Record<string, readonly [window: object, says: string]>> = {
    'no size': [{}, 'write one of tumbling, hopping, sliding and session'],
    'two sizes': [{ tumbling: '1m', session: '1m' }, 'write one of tumbling'],
    'hopping without every': [{ hopping: '1m' }, 'hopping and every go together'],
    'gaps between its windows': [
      { hopping: '1m', every: '2m' },
      'every 2m leaves gaps between windows of 1m',
    ],
    'a size that is no duration': [{ tumbling: 'soon' }, '"soon" is no duration'],
  }
  for (const [what, [window, says]] of Object.entries(wrong)) {
    it(`is refused with ${what}`, () => {
      const step = { name: 'x', from: 'in', groupBy: 'key', aggregate: { n: 'count()' }, window }
      expect(problemsOf([step])).to.have.length(1)
      expect(problemsOf([step])[0])
        .to.match(/^steps\[0\].window: /)
        .and.contain(says)
    })
  }

  it('is refused without an aggregate', () => {
    const step = { name: 'x', from: 'in', filter: 'true', window: { tumbling: '1m' } }
    expect(problemsOf([step])).to.deep.equal([
      'steps[0].window: a window is of an aggregate: write groupBy and aggregate',
    ])
  })

  it('cannot be in the keys of what is of no window', () => {
    const step = { name: 'x', from: 'in', filter: 'true' }
    const says = 'outputs[0].windowedKey: the records of "x" are not all of windows of one kind'
    const outputs = [{ from: 'x', topic: 'out', windowedKey: true }]
    expect(problemsOf([step], ['in'], outputs)[0]).to.contain(says)
    expect(() => job(stream('in').to('out', { windowedKey: true }))).to.throw(/not all of windows/)
  })

  it('cannot be in the keys where windows of two sizes are merged', () => {
    const counting = (name: string, size: string) => ({
      ...{ name, from: 'in', groupBy: 'key', window: { tumbling: size } },
      aggregate: { n: 'count()' },
    })
    const steps = [counting('a', '1m'), counting('b', '2m'), { name: 'all', merge: ['a', 'b'] }]
    const outputs = [{ from: 'all', topic: 'out', windowedKey: true }]
    expect(problemsOf(steps, ['in'], outputs)).to.have.length(1)
    const same = [counting('a', '1m'), counting('b', '1m'), { name: 'all', merge: ['a', 'b'] }]
    expect(problemsOf(same, ['in'], outputs)).to.deep.equal([])
  })

  it('of a session needs to know how to merge two states', () => {
    const grouped = stream<number>('in').groupByKey('by-key').windowedBy(session('1m'))
    expect(() => grouped.aggregate('sum', { initial: () => 0, add: (sum) => sum })).to.throw(
      'step "sum": sessions grow together, so the aggregation needs merge',
    )
  })
})
