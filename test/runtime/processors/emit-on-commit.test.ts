import { rejects } from 'node:assert/strict'
import { expect } from 'chai'
import { EmbeddedBroker } from '../../../runtime/broker/embedded-broker.ts'
import { RecordBatch } from '../../../runtime/broker/record-batch.ts'
import { RecordBatchBuilder } from '../../../runtime/broker/record-batch-builder.ts'
import { sum } from '../../../runtime/dsl/aggregate-functions.ts'
import type { GroupedStream } from '../../../runtime/dsl/grouped-stream.ts'
import { job, type Output } from '../../../runtime/dsl/job.ts'
import { stream } from '../../../runtime/dsl/stream.ts'
import { table, type Table } from '../../../runtime/dsl/table.ts'
import { hopping, session, sliding, tumbling, type Windows } from '../../../runtime/dsl/windows.ts'
import { type JobSettings, testedJob } from '../../../runtime/testing/tested-job.ts'
import { TopologyTestDriver } from '../../../runtime/testing/topology-test-driver.ts'
import { JobBench } from '../../support/job-bench.ts'
import { eventually } from '../../support/eventually.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { subTopologyOf } from '../fused/equivalence.ts'
import { newTask } from '../tasks/new-task.ts'

const onCommit = { emit: 'OnCommit' } as const
const input = stream<number>('in')
const grouped = input.groupByKey('by-key')

interface Case {
  readonly sentence: string
  readonly job: (grouped: GroupedStream<number>) => Table<unknown>
  /** `key value @time`; `|` is a commit. */
  readonly given: string
  /** What each commit writes, in the same way. */
  readonly out: readonly (readonly string[])[]
}

const counted = (windows: Windows) => (one: GroupedStream<number>) =>
  one.windowedBy(windows).count('kept')

const total = sum<number>(({ value }) => value)

/** Adds, and forgets the key at 0. */
const balance = (one: GroupedStream<number>) =>
  one.aggregate(
    'kept',
    { initial: () => 0, add: (so: number, { value }) => so + value || (null as unknown as number) },
    onCommit,
  )

const cases: readonly Case[] = [
  {
    sentence: 'writes the last value of each key that changed, in the order of the last changes',
    job: (one) => one.count('kept', onCommit),
    given: 'a 1 @1, b 1 @2, a 1 @3, |, |, b 1 @4, |',
    out: [['b 1 @2', 'a 2 @3'], [], ['b 2 @4']],
  },
  {
    sentence: 'writes what reduce and aggregate make, too',
    job: (one) => one.reduce('kept', (a, b) => a * b, onCommit),
    given: 'a 2 @1, a 3 @2, a 5 @3, |',
    out: [['a 30 @3']],
  },
  {
    sentence: 'bears the latest time of the records so far',
    job: (one) => one.aggregate('kept', total, onCommit),
    given: 'a 1 @9, a 2 @5, |, a 3 @7, |',
    out: [['a 3 @9'], ['a 6 @9']],
  },
  {
    sentence: 'writes nothing of a key that came and went in between',
    job: balance,
    given: 'a 1 @1, b 1 @2, a -1 @3, |',
    out: [['b 1 @2']],
  },
  {
    sentence: 'says once that a key is gone',
    job: balance,
    given: 'a 1 @1, |, a 1 @2, a -2 @3, |',
    out: [['a 1 @1'], ['a null @3']],
  },
  {
    sentence: 'writes each tumbling window that changed',
    job: counted(tumbling('10ms', { grace: '10ms', emit: 'OnCommit' })),
    given: 'a 1 @1, a 1 @12, a 1 @2, |, a 1 @3, |',
    out: [['a 1 @12', 'a 2 @2'], ['a 3 @3']],
  },
  {
    sentence: 'writes each hopping window that changed',
    job: counted(hopping('10ms', { every: '5ms', emit: 'OnCommit' })),
    given: 'a 1 @6, a 1 @7, |',
    out: [['a 2 @7', 'a 2 @7']],
  },
  {
    sentence: 'writes each sliding window that changed',
    job: counted(sliding('10ms', { emit: 'OnCommit' })),
    given: 'a 1 @20, a 1 @25, a 1 @25, |',
    out: [['a 1 @20', 'a 2 @25', 'a 3 @25']],
  },
  {
    sentence: 'knows nothing of sessions that became part of a longer one in between',
    job: counted(session('10ms', { emit: 'OnCommit' })),
    given: 'a 1 @1, a 1 @5, a 1 @9, |, a 1 @12, |',
    out: [['a 3 @9'], ['a null @9', 'a 4 @12']],
  },
  {
    sentence: 'takes back from another group what was there at the commit before',
    job: (one) =>
      one
        .aggregate('kept', total, onCommit)
        .groupBy('by-size', ({ value }) => (value > 5 ? 'large' : 'small'))
        .aggregate(
          'sizes',
          sum<number>(({ value }) => value),
          onCommit,
        ),
    given: 'a 1 @1, a 1 @2, b 4 @3, |, |, a 3 @4, a 3 @5, |, |',
    out: [[], ['small 6 @3'], [], ['small 4 @5', 'large 8 @5']],
  },
  {
    sentence: 'writes at one commit what goes through two aggregates of a task',
    job: (one) =>
      one
        .count('kept', onCommit)
        .toStream()
        .groupByKey('again')
        .aggregate<number[]>(
          'seen',
          { initial: () => [], add: (all, { value }) => [...all, value] },
          onCommit,
        ),
    given: 'a 1 @1, a 1 @2, |, a 1 @3, |',
    out: [['a [2] @2'], ['a [2,3] @3']],
  },
]

describe('emit: OnCommit', () => {
  let driver: TopologyTestDriver | undefined

  afterEach(() => driver?.close())

  async function start(
    output: Output | readonly Output[],
    settings: JobSettings = {},
  ): Promise<TopologyTestDriver> {
    const tested = testedJob(job(...[output].flat()), settings)
    driver = await TopologyTestDriver.start(tested, { commitEvery: 'manual' })
    return driver
  }

  async function commits(one: TopologyTestDriver, given: string): Promise<string[][]> {
    const seen: string[][] = []
    for (const line of given.split(', ')) {
      if (line === '|') {
        await one.commit()
        seen.push(written(one))
      } else {
        const [key, value, time = ''] = line.split(' ')
        await one.pipe('in', { key, value: Number(value), timestamp: Number(time.slice(1)) })
        expect(written(one), `before a commit, at ${line}`).to.deep.equal([])
      }
    }
    return seen
  }

  const written = (one: TopologyTestDriver): string[] =>
    one
      .read('out')
      .map(({ key, value, timestamp }) => `${String(key)} ${JSON.stringify(value)} @${timestamp}`)

  for (const { sentence, job: make, given, out } of cases) {
    it(sentence, async () => {
      expect(await commits(await start(make(grouped).to('out')), given)).to.deep.equal(out)
    })
  }

  it('has the headers of the record that changed the key last', async () => {
    const one = await start(grouped.count('kept', onCommit).to('out'))
    await one.pipe('in', { key: 'a', value: 1, headers: { trace: '1' } })
    await one.pipe('in', { key: 'a', value: 1, headers: { trace: '2' } })
    await one.commit()
    expect(one.read('out').map(({ headers }) => headers)).to.deep.equal([{ trace: '2' }])
  })

  it('writes what a table grouped anew makes of several updates', async () => {
    const sizes = table<number>('in')
      .groupBy('all', () => 'all')
      .count('kept', onCommit)
    const one = await start(sizes.to('out'))
    expect(await commits(one, 'a 1 @1, b 1 @2, a 2 @3, |')).to.deep.equal([['all 2 @3']])
  })

  it('forgets what a failed record has changed', async () => {
    const picky = input.mapValues('picky', ({ value }) => {
      if (value === 3) throw new RangeError('no three')
      return value
    })
    const outputs = [grouped.aggregate('kept', total, onCommit).to('out'), picky.to('other')]
    const one = await start(outputs, { onError: 'DeadLetter' })
    const seen = await commits(one, 'a 1 @1, b 1 @2, a 3 @3, c 3 @4, |')
    expect(seen).to.deep.equal([['a 1 @1', 'b 1 @2']])
    expect(one.deadLetters()).to.have.length(2)
  })

  describe('where a later step fails', () => {
    const picky = grouped
      .aggregate('kept', total, onCommit)
      .toStream()
      .mapValues('checked', ({ value }) => {
        if (value === 3) throw new RangeError('no three')
        return value
      })
      .to('out')

    it('sets aside the update alone', async () => {
      const one = await start(picky, { onError: 'DeadLetter' })
      const seen = await commits(one, 'a 1 @1, b 2 @2, a 2 @3, c 3 @4, d 4 @5, |, a 1 @6, |')
      expect(seen).to.deep.equal([['b 2 @2', 'd 4 @5'], ['a 4 @6']])
      const letters = one.deadLetters().map(({ key, value, reason }) => [key, value, reason])
      expect(letters).to.deep.equal([
        ['a', 3, 'RangeError'],
        ['c', 3, 'RangeError'],
      ])
    })

    it('stops the job under Fail, by the name of the record', async () => {
      const one = await start(picky)
      await one.pipe('in', { key: 'a', value: 3 })
      await rejects(one.commit(), /^BadRecord: in-0@0: RangeError in "checked": no three/)
    })
  })

  it('waits at the commit for async functions behind it', async () => {
    const slow = grouped
      .count('kept', onCommit)
      .toStream()
      .mapValuesAsync('asked', async ({ value }) => Promise.resolve(value * 10))
      .groupByKey('again')
      .reduce('seen', (_, value) => value, onCommit)
    const one = await start(slow.to('out'))
    await one.pipe('in', { key: 'a', value: 1, timestamp: 1 }, { key: 'a', value: 1, timestamp: 2 })
    await one.commit()
    await one.commit()
    expect(written(one)).to.deep.equal(['a 20 @2'])
  })

  it('writes nothing twice and nothing less when the process dies before the commit', async () => {
    const one = await start(grouped.count('kept', onCommit).to('out'))
    await one.pipe('in', { key: 'a', value: 1, timestamp: 1 })
    await one.commit()
    await one.pipe('in', { key: 'a', value: 1, timestamp: 2 })
    await one.restart()
    await one.commit()
    expect(written(one)).to.deep.equal(['a 1 @1', 'a 2 @2'])
  })

  it('writes what waits when the job is told to stop', async () => {
    const bench = new JobBench({ in: 1, out: 1 })
    const instance = bench.start({
      inputs: [{ name: 'in', topic: 'in' }],
      steps: [
        {
          name: 'counts',
          from: 'in',
          groupBy: 'key',
          emit: 'OnCommit',
          aggregate: { n: 'count()' },
        },
      ],
      outputs: [{ from: 'counts', topic: 'out' }],
      commitIntervalMs: 60_000,
    })
    bench.produce('in', [
      ['a', {}],
      ['a', {}],
    ])
    await eventually(() => bench.expectIdle(instance), { everyMs: 5 })
    expect(bench.values('out')).to.deep.equal([])
    await bench.stop()
    expect(bench.values('out')).to.deep.equal([{ n: 2 }])
  })

  it('does not let more keys wait than memory should hold', () => {
    const KEYS = 50_001
    const step = { groupBy: 'key', emit: 'OnCommit', aggregate: { last: 'last(value.n)' } } as const
    const [subTopology] = subTopologyOf({
      inputs: [{ name: 'in', topic: 'in' }],
      steps: [{ name: 'kept', from: 'in', ...step }],
      outputs: [{ from: 'kept', topic: 'out' }],
    })
    if (subTopology === undefined) throw new Error('the job has no part')
    const builder = new RecordBatchBuilder()
    for (let n = 0; n < KEYS; n++)
      builder.append(n, Buffer.from(`key-${n}`), Buffer.from(`{"n":${n}}`))
    const batches = [new RecordBatch(builder.build())]
    const broker = new EmbeddedBroker()
    const { task, collector } = newTask(subTopology, { broker, clock: new ManualClock() })
    task.start([{ topic: 'in', partition: 0, offset: 0 }])
    task.add({
      topic: 'in',
      partition: 0,
      position: 0,
      batches,
      highWatermark: KEYS,
      receivedAt: 0,
    })
    task.process()
    collector.send()
    expect(collector.produced).to.equal(KEYS - 1)
  })
})
