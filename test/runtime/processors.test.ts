import { deepStrictEqual } from 'node:assert'
import { expect } from 'chai'
import { bind } from '../../runtime/dsl/bind.ts'
import { job, keyValueStore, type Stream, stream, valuesOf } from '../../runtime/index.ts'
import type { Instance } from '../../runtime/instance.ts'
import { eventually } from '../support/eventually.ts'
import { JobBench } from '../support/job-bench.ts'
import { ManualClock } from '../support/manual-clock.ts'

/** Longer than any test moves the clock: what wakes an instance is what is due, or what the test did. */
const COMMIT_MS = 60_000

describe("users' processors in an instance", () => {
  let clock: ManualClock
  let bench: JobBench

  beforeEach(() => {
    clock = new ManualClock()
    bench = new JobBench({ in: 2, out: 1 }, clock)
  })

  afterEach(() => bench.stop())

  async function start(write: (input: Stream<number>) => Stream<unknown>): Promise<Instance> {
    const written = job(write(stream<number>('in')).to('out'))
    const instance = bench.start(
      {
        inputs: [{ name: 'in', topic: 'in' }],
        code: { path: 'job.ts' },
        outputs: [{ topic: 'out' }],
        commitIntervalMs: COMMIT_MS,
      },
      { loadTopology: ({ inputs }) => Promise.resolve(bind(written, { inputs })) },
    )
    await soon(() => expect(instance.ready()).to.equal(true))
    return instance
  }

  const soon = (check: () => void) => eventually(check, { everyMs: 2 })
  const isOut = (...values: readonly unknown[]) =>
    soon(() => deepStrictEqual(bench.values('out'), values))

  it('are called at the time that they asked for, although nothing is fetched', async () => {
    await start((input) =>
      input.process('ticks', {
        create: ({ schedule, forward, partition }) => {
          const begun = clock.now()
          if (partition === 0)
            schedule('70ms', 'wall-clock', (at) => forward({ value: at - begun }))
          return { process: () => undefined }
        },
      }),
    )
    await clock.advance(69)
    await clock.advance(1)
    await isOut(70)
    await clock.advance(70)
    await isOut(70, 140)
  })

  it('are one in each task, and closed when the instance stops', async () => {
    const open = new Set<string>()
    const instance = await start((input) =>
      input.process('open', {
        create: ({ taskId }) => {
          open.add(taskId)
          return { process: () => undefined, close: () => void open.delete(taskId) }
        },
      }),
    )
    expect([...open].sort()).to.deep.equal(['0_0', '0_1'])
    await instance.stop()
    expect([...open]).to.deep.equal([])
  })

  it('find after a crash what was committed, and do the rest again', async () => {
    const counting = (input: Stream<number>) =>
      input.process('count', {
        stores: { seen: keyValueStore<number>() },
        output: valuesOf<number>(),
        create: ({ stores: { seen }, forward }) => ({
          process({ key }) {
            const count = (seen.get(key ?? '') ?? 0) + 1
            seen.put(key ?? '', count)
            forward({ value: count })
          },
        }),
      })
    const first = await start(counting)
    bench.produce('in', [
      ['a', 0],
      ['a', 0],
    ])
    await isOut(1, 2)
    await clock.advance(COMMIT_MS)
    await soon(() => expect(bench.values('test.job-count.seen-changelog')).to.deep.equal([2]))
    bench.produce('in', [['a', 0]])
    await isOut(1, 2, 3)
    await first.abandon()
    await clock.advance(COMMIT_MS)
    await start(counting)
    await isOut(1, 2, 3, 3)
  })
})
