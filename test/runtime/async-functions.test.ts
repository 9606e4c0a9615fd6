import { deepStrictEqual } from 'node:assert'
import { expect } from 'chai'
import type { EmbeddedBroker } from '../../runtime/broker/embedded-broker.ts'
import type { Broker } from '../../runtime/broker/broker.ts'
import type { RuntimeConfigInput } from '../../runtime/config.ts'
import { bind } from '../../runtime/dsl/bind.ts'
import { type AsyncOptions, job, type Stream, stream } from '../../runtime/index.ts'
import type { Instance } from '../../runtime/instance.ts'
import { eventually } from '../support/eventually.ts'
import { JobBench } from '../support/job-bench.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { OpenCalls } from '../support/open-calls.ts'

const DRAIN_MS = 10_000
const COMMIT_MS = 60_000

/** Time stands still unless a test moves it: whatever happens was woken by what the test did. */
describe('async functions in an instance', () => {
  let clock: ManualClock
  let bench: JobBench
  let calls: OpenCalls<number>

  beforeEach(() => {
    clock = new ManualClock()
    bench = new JobBench({ in: 2, out: 1 }, clock)
    calls = new OpenCalls()
  })

  afterEach(async () => {
    calls.answerAll()
    const stopping = bench.stop()
    await clock.advance(DRAIN_MS)
    await stopping
  })

  interface Settings extends AsyncOptions {
    readonly onError?: RuntimeConfigInput['onError']
    readonly threads?: number
    readonly guarantee?: RuntimeConfigInput['guarantee']
    readonly broker?: Broker
    readonly write?: (input: Stream<number>, options: AsyncOptions) => Stream<unknown>
  }

  const asked = (input: Stream<number>, options: AsyncOptions) =>
    input.mapValuesAsync('asked', ({ value }, signal) => calls.call(value, signal), options)

  function start({
    onError = 'Fail',
    threads = 1,
    guarantee,
    broker,
    write = asked,
    ...options
  }: Settings = {}): Instance {
    const written = job(write(stream<number>('in'), options).to('out'))
    return bench.start(
      {
        inputs: [{ name: 'in', topic: 'in' }],
        code: { path: 'job.ts' },
        outputs: [{ topic: 'out' }],
        onError,
        threads,
        guarantee,
        commitIntervalMs: COMMIT_MS,
      },
      {
        loadTopology: ({ inputs }) => Promise.resolve(bind(written, { inputs })),
        ...(broker === undefined ? {} : { broker }),
      },
    )
  }

  /** One in each of the two partitions. */
  const keys = ['a', 'd'] as const
  const produce = (key: string | null, ...values: readonly number[]) =>
    bench.produce(
      'in',
      values.map((value) => [key, value] as const),
    )

  const open = () => calls.open.map(({ subject }) => subject)
  const soon = (check: () => void) => eventually(check, { everyMs: 2 })
  const isOpen = (...subjects: readonly number[]) =>
    soon(() => deepStrictEqual(open().sort(), [...subjects].sort()))
  const isOut = (...values: readonly number[]) =>
    soon(() => deepStrictEqual(bench.values('out'), values))

  /** Committed offsets of both partitions, and nothing of an instance that was never asked. */
  const committed = () => {
    const offsets = bench.embedded.groups.get('test.job')?.committed
    return [0, 1].map((partition) => offsets?.get(`in-${partition}`)?.offset ?? 0)
  }

  const failureOf = (instance: Instance): Promise<Error> =>
    instance.ended.then(
      () => Promise.reject(new Error('it ended well')),
      (error: unknown) => error as Error,
    )

  it('write an answer as soon as it is there, not only when more is fetched', async () => {
    start()
    produce('a', 1)
    await isOpen(1)
    calls.take(0).answer(10)
    await isOut(10)
    produce('a', 2)
    await isOpen(2)
    calls.take(0).answer(20)
    await isOut(10, 20)
  })

  it('get on when they answer before the loop comes round', async () => {
    start({
      concurrency: 1,
      write: (input, options) =>
        input
          .mapValuesAsync('first', async ({ value }) => value + 1, options)
          .mapValuesAsync('second', async ({ value }) => value * 2, options),
    })
    produce('a', 1, 2, 3)
    await isOut(4, 6, 8)
  })

  it('hold back other records while a commit waits for them, where the task has state', async () => {
    start({
      timeoutMs: 600_000,
      write: (input, options) =>
        asked(
          input
            .groupByKey('by-key')
            .reduce('latest', (_, value) => value)
            .toStream(),
          options,
        ),
    })
    produce('a', 1)
    await isOpen(1)
    await clock.advance(COMMIT_MS)
    produce('a', 2)
    await clock.advance(1000)
    expect(bench.records('test.job-latest-changelog')).to.deep.equal([])
    expect(committed()).to.deep.equal([0, 0])
    calls.answerAll()
    await soon(() => expect(committed()).to.deep.equal([1, 0]))
    expect(bench.values('test.job-latest-changelog')).to.deep.equal([1])
    await isOpen(2)
  })

  describe('under ExactlyOnce', () => {
    const answer = (subject: number) => calls.take(open().indexOf(subject)).answer(subject)

    it('are waited for by all tasks, which take no other records meanwhile', async () => {
      start({ guarantee: 'ExactlyOnce', timeoutMs: 600_000 })
      produce('a', 1)
      produce('d', 2)
      await isOpen(1, 2)
      answer(1)
      await clock.advance(COMMIT_MS)
      produce('a', 3)
      await clock.advance(1000)
      expect(open()).to.deep.equal([2])
      expect(bench.values('out')).to.deep.equal([])
      answer(2)
      await soon(() => expect(committed()).to.deep.equal([1, 1]))
      expect(bench.values('out')).to.have.members([1, 2])
      await isOpen(3)
    })

    it('leave nothing of a transaction behind when they do not answer before the end', async () => {
      const first = start({ guarantee: 'ExactlyOnce', timeoutMs: 600_000 })
      produce('a', 1)
      produce('d', 2)
      await isOpen(1, 2)
      answer(1)
      const stopping = first.stop()
      await clock.advance(DRAIN_MS)
      await stopping
      expect(committed()).to.deep.equal([0, 0])
      start({ guarantee: 'ExactlyOnce' })
      await soon(() => expect(open().sort()).to.deep.equal([1, 2, 2]))
      calls.answerAll()
      await clock.advance(COMMIT_MS)
      await soon(() => expect(bench.values('out').sort()).to.deep.equal([1, 2]))
    })
  })

  it('run at most `concurrency` at a time, and nothing is fetched that has to wait', async () => {
    const fetched = { records: 0 }
    start({ concurrency: 2, broker: countingFetches(bench.embedded, fetched) })
    produce(null, 1, 2, 3)
    await isOpen(1, 2)
    const before = fetched.records
    produce(null, ...Array.from({ length: 100 }, (_, n) => n + 4))
    await clock.advance(2000)
    expect(open()).to.deep.equal([1, 2])
    expect(fetched.records).to.equal(before)
    while (calls.made.length < 103 || calls.open.length > 0) {
      await soon(() => expect(calls.open).not.to.deep.equal([]))
      expect(calls.open.length).to.be.at.most(2)
      calls.answerAll()
      await clock.advance(1)
    }
    await isOut(...Array.from({ length: 103 }, (_, n) => n + 1))
  })

  it('show in the status how many records they have', async () => {
    const instance = start()
    produce(null, 1, 2, 3)
    await isOpen(1, 2, 3)
    expect(instance.status().inFlight).to.deep.equal({ asked: 3 })
    const lag = () =>
      instance
        .status()
        .tasks.flatMap(({ partitions }) =>
          partitions.map(({ position, highWatermark }) => highWatermark - position),
        )
    expect(lag()).to.include(3)
    calls.answerAll()
    await isOut(1, 2, 3)
    expect(instance.status().inFlight).to.deep.equal({ asked: 0 })
    expect(lag()).to.deep.equal([0, 0])
  })

  it('run in each thread for its partitions', async () => {
    start({ threads: 2 })
    produce('a', 1)
    produce('d', 2)
    await isOpen(1, 2)
    calls.answerAll()
    await soon(() => expect(bench.values('out').sort()).to.deep.equal([1, 2]))
  })

  describe('that fail', () => {
    it('stop the job at the record under Fail, and say where', async () => {
      const instance = start()
      produce(null, 1, 2)
      await isOpen(1, 2)
      calls.take(1).reject(new RangeError('too many requests'))
      calls.take(0).answer(1)
      const { message } = await failureOf(instance)
      expect(message).to.match(/^in-0@1: RangeError in "asked": too many requests/)
      expect(committed()).to.deep.equal([0, 0])
    })

    it('lose the record under Skip, and no other', async () => {
      const instance = start({ onError: 'Skip' })
      produce(null, 1, 2, 3)
      await isOpen(1, 2, 3)
      calls.take(1).reject(new Error('no'))
      calls.answerAll()
      await isOut(1, 3)
      expect(instance.status().counts).to.include({ consumed: 3, skipped: 1 })
    })

    it('set the record aside under DeadLetter, as it came, with the reason', async () => {
      start({ onError: 'DeadLetter', timeoutMs: 500 })
      produce('a', 1)
      await isOpen(1)
      const [hung] = calls.open
      await clock.advance(499)
      expect(hung?.signal.aborted).to.equal(false)
      await clock.advance(1)
      expect(hung?.signal.reason).to.include({ name: 'TimeoutError' })
      await soon(() => expect(bench.records('test.job-dead-letters')).to.have.length(1))
      const [letter] = bench.records('test.job-dead-letters')
      expect(letter).to.deep.include({ key: 'a', value: '1' })
      expect(Object.fromEntries(letter?.headers ?? [])).to.deep.include({
        'millrace.topic': 'in',
        'millrace.offset': '0',
        'millrace.node': 'asked',
        'millrace.reason': 'TimeoutError',
      })
    })

    it('are not heard any more once their time is over', async () => {
      start({ onError: 'Skip', timeoutMs: 500 })
      produce('a', 1, 2, 3)
      await isOpen(1)
      const late = calls.take(0)
      await clock.advance(500)
      await isOpen(2)
      late.answer(10)
      await clock.advance(1)
      expect(open()).to.deep.equal([2])
      calls.take(0).answer(20)
      await isOpen(3)
      calls.take(0).answer(30)
      await isOut(20, 30)
    })
  })

  describe('when the instance stops', () => {
    it('get their time to answer, and what they answered is committed', async () => {
      const instance = start()
      produce(null, 1, 2)
      await isOpen(1, 2)
      const stopped = instance.stop()
      await clock.advance(DRAIN_MS - 1)
      produce(null, 3)
      calls.take(1).answer(2)
      calls.take(0).answer(1)
      await stopped
      expect(bench.values('out')).to.deep.equal([1, 2])
      expect(calls.made).to.deep.equal([1, 2])
      expect(committed()).to.deep.equal([2, 0])
    })

    it('are given up after that; what is behind the first of them is done again', async () => {
      const instance = start()
      produce(null, 1, 2, 3)
      await isOpen(1, 2, 3)
      calls.take(0).answer(1)
      calls.take(1).answer(3)
      await isOut(1)
      const [hung] = calls.open
      const stopped = instance.stop()
      await clock.advance(DRAIN_MS)
      await stopped
      expect(hung?.signal.aborted).to.equal(true)
      expect(committed()).to.deep.equal([1, 0])
      calls.take(0).answer(2)
      start()
      await isOpen(2, 3)
      calls.answerAll()
      await isOut(1, 2, 3)
    })

    it('leave nothing committed that they have not answered when it dies', async () => {
      const instance = start()
      produce(null, 1, 2)
      await isOpen(1, 2)
      calls.take(0).answer(1)
      await isOut(1)
      await instance.abandon()
      await clock.advance(DRAIN_MS)
      expect(committed()).to.deep.equal([0, 0])
    })
  })

  describe('when tasks move', () => {
    it('answer before the task goes to another instance, which goes on behind them', async () => {
      const first = start()
      for (const [index, key] of keys.entries()) produce(key, index)
      await isOpen(0, 1)
      const second = start()
      await clock.advance(1000)
      expect(second.status().tasks).to.deep.equal([])
      calls.answerAll()
      await soon(() =>
        expect(second.status().tasks.map(({ state }) => state)).to.deep.equal(['Running']),
      )
      expect(bench.values('out').sort()).to.deep.equal([0, 1])
      expect(committed()).to.deep.equal([1, 1])
      for (const [index, key] of keys.entries()) produce(key, index + 2)
      await isOpen(2, 3)
      calls.answerAll()
      await soon(() => expect(bench.values('out').sort()).to.deep.equal([0, 1, 2, 3]))
      expect(first.status().tasks).to.have.length(1)
    })

    it('go on in tasks that stay, and are begun anew in those that go, when they take too long', async () => {
      start()
      for (const [index, key] of keys.entries()) produce(key, index)
      await isOpen(0, 1)
      const hung = [...calls.open]
      const second = start()
      await clock.advance(1000)
      expect(second.status().tasks).to.deep.equal([])
      await clock.advance(DRAIN_MS)
      await soon(() =>
        expect(second.status().tasks.map(({ state }) => state)).to.deep.equal(['Running']),
      )
      const aborted = hung.filter(({ signal }) => signal.aborted)
      expect(aborted).to.have.length(1)
      await soon(() => expect(calls.made).to.have.length(3))
      calls.answerAll()
      await soon(() => expect(bench.values('out').sort()).to.deep.equal([0, 1]))
    })
  })
})

/** The broker itself, and how many records its fetchers have given out. */
function countingFetches(embedded: EmbeddedBroker, fetched: { records: number }): Broker {
  const broker = embedded.connect()
  return {
    ...broker,
    fetcher: (options) => {
      const fetcher = broker.fetcher(options)
      const poll = fetcher.poll.bind(fetcher)
      fetcher.poll = async (maxWaitMs) => {
        const parts = await poll(maxWaitMs)
        for (const { batches } of parts)
          for (const { recordCount } of batches) fetched.records += recordCount
        return parts
      }
      return fetcher
    },
  }
}
