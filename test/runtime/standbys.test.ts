import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { RuntimeStatus } from '../../runtime/config.ts'
import type { Instance } from '../../runtime/instance.ts'
import type { Fields, Logger } from '../../runtime/platform/logger.ts'
import { silentLogger } from '../../runtime/platform/silent-logger.ts'
import { eventually } from '../support/eventually.ts'
import { JobBench, type JobSpec } from '../support/job-bench.ts'
import { ManualClock } from '../support/manual-clock.ts'

const KEYS = Array.from({ length: 40 }, (_, n) => `k${n}`)
const PARTITIONS = 4

const spec: JobSpec = {
  inputs: [{ name: 'in', topic: 'in' }],
  steps: [
    { name: 'counts', from: 'in', groupBy: 'key', aggregate: { n: 'sum(1)' } },
    {
      ...{ name: 'minutes', from: 'in', groupBy: 'key', aggregate: { n: 'count()' } },
      window: { tumbling: '1m', grace: '1h' },
    },
  ],
  outputs: [
    { from: 'counts', topic: 'totals' },
    { from: 'minutes', topic: 'by-minute' },
  ],
  sessionTimeoutMs: 6000,
}

/** Pods of a job with state, that come and go. */
class Pods {
  readonly clock = new ManualClock()
  /** What the pods were told, in their order. */
  readonly assigned: (Fields & { readonly pod: string })[] = []
  readonly #bench = new JobBench(
    { in: PARTITIONS, totals: PARTITIONS, 'by-minute': PARTITIONS },
    this.clock,
  )
  readonly #spec: JobSpec
  readonly #running = new Map<string, Instance>()
  #given = 0

  constructor(more: Partial<JobSpec>) {
    this.#spec = { ...spec, ...more }
  }

  start(...pods: readonly string[]): void {
    for (const instanceId of pods) {
      const log: Logger = {
        ...silentLogger,
        info: (message, fields) => {
          if (message === 'assigned') this.assigned.push({ pod: instanceId, ...fields })
        },
        child: () => log,
      }
      const overrides = { instanceId, log }
      this.#running.set(instanceId, this.#bench.start(this.#specOf(instanceId), overrides))
    }
  }

  /** Each pod has a disk of its own. */
  #specOf(pod: string): JobSpec {
    const { stateDir } = this.#spec
    return stateDir === undefined ? this.#spec : { ...this.#spec, stateDir: join(stateDir, pod) }
  }

  async kill(pod: string): Promise<void> {
    await this.#running.get(pod)?.abandon()
    this.#running.delete(pod)
  }

  async stop(): Promise<void> {
    let stopped = false
    const stopping = this.#bench.stop().then(() => (stopped = true))
    await this.until(() => expect(stopped).to.equal(true))
    await stopping
  }

  of(pod: string): RuntimeStatus {
    const status = this.#running.get(pod)?.status()
    if (status === undefined) throw new Error(`${pod} does not run`)
    return status
  }

  /** Pod → tasks that it runs + those that it follows to their end. */
  get shares(): Record<string, string> {
    return Object.fromEntries(
      [...this.#running].map(([pod, instance]) => {
        const { tasks, standbys } = instance.status()
        const running = tasks.filter(({ state }) => state === 'Running')
        const followed = standbys.filter(({ lag }) => lag === 0)
        return [pod, `${running.length}+${followed.length}`]
      }),
    )
  }

  /** What a pod was told each time: how many tasks to run and how many to warm up. */
  toldTo(pod: string): string[] {
    const lists = this.assigned.filter((one) => one.pod === pod)
    return lists.map(({ tasks, warmUps }) =>
      [tasks, warmUps].map((names) => (names as readonly string[]).length).join(', '),
    )
  }

  async untilShared(shares: Record<string, string>): Promise<void> {
    await this.until(() => expect(this.shares).to.deep.equal(shares))
  }

  /** Once for each key, and until it is counted. */
  async give(): Promise<void> {
    this.#bench.produce(
      'in',
      KEYS.map((key) => [key, {}] as const),
    )
    this.#given++
    await this.until(() => {
      for (const topic of ['totals', 'by-minute'])
        for (const key of KEYS)
          expect(this.#bench.latest(topic)[key], key).to.deep.equal({ n: this.#given })
    })
  }

  /** Moves time on until `check` does not throw. */
  async until(check: () => void): Promise<void> {
    await eventually(
      async () => {
        await this.clock.advance(50)
        check()
      },
      { everyMs: 1 },
    )
  }
}

describe('standbys of a job with state', function () {
  this.timeout(30_000)
  let pods: Pods

  afterEach(() => pods.stop())

  for (const guarantee of ['AtLeastOnce', 'ExactlyOnce'] as const) {
    it(`take over with nothing to read when a pod dies, ${guarantee}`, async () => {
      pods = new Pods({ guarantee, state: { standbyReplicas: 1 } })
      pods.start('a', 'b')
      await pods.untilShared({ a: '2+2', b: '2+2' })
      for (let round = 0; round < 3; round++) await pods.give()
      await pods.untilShared({ a: '2+2', b: '2+2' })
      const { restored } = pods.of('b')
      await pods.kill('a')
      await pods.untilShared({ b: '4+0' })
      expect(pods.of('b').restored).to.deep.equal(restored)
      await pods.give()

      // Back with nothing, and then the only one who has everything.
      pods.start('a')
      await pods.untilShared({ a: '2+2', b: '2+2' })
      await pods.give()
      await pods.untilShared({ a: '2+2', b: '2+2' })
      const back = pods.of('a').restored
      await pods.kill('b')
      await pods.untilShared({ a: '4+0' })
      expect(pods.of('a').restored).to.deep.equal(back)
      await pods.give()
    })
  }

  it('are each in another pod', async () => {
    pods = new Pods({ threads: 2, state: { standbyReplicas: 2 } })
    pods.start('a', 'b')
    await pods.untilShared({ a: '2+2', b: '2+2' })
    pods.start('c')
    await pods.until(() => {
      for (const pod of ['a', 'b', 'c']) {
        const { tasks, standbys } = pods.of(pod)
        const ids = [...tasks, ...standbys].map(({ id }) => id).sort()
        expect(ids).to.deep.equal(['0_0', '0_1', '0_2', '0_3'])
      }
    })
    await pods.give()
  })

  it('warm up where tasks are to move, which run where they are until then', async () => {
    pods = new Pods({ state: { acceptableRecoveryLag: 0 } })
    pods.start('a')
    await pods.untilShared({ a: '4+0' })
    await pods.give()
    pods.start('b')
    await pods.untilShared({ a: '2+0', b: '2+0' })
    expect(pods.toldTo('a').slice(1)).to.deep.equal(['4, 0', '2, 0', '2, 0'])
    expect(pods.toldTo('b')).to.deep.equal(['0, 2', '0, 0', '2, 0'])
    expect(pods.of('b').restored).to.deep.equal({ snapshot: 0, changelog: 0 })
    await pods.give()
  })

  it('warm up one after the other where no more may', async () => {
    pods = new Pods({ state: { acceptableRecoveryLag: 0, maxWarmupReplicas: 1 } })
    pods.start('a')
    await pods.untilShared({ a: '4+0' })
    await pods.give()
    pods.start('b')
    await pods.untilShared({ a: '2+0', b: '2+0' })
    expect(pods.toldTo('b')).to.deep.equal(['0, 1', '0, 1', '1, 0', '2, 0'])
    await pods.give()
  })

  describe('with a disk', () => {
    let stateDir = ''

    beforeEach(async () => (stateDir = await mkdtemp(join(tmpdir(), 'millrace-standbys-'))))
    afterEach(() => rm(stateDir, { recursive: true }))

    it('write snapshots as tasks do', async () => {
      pods = new Pods({ stateDir, state: { standbyReplicas: 1 } })
      pods.start('a', 'b')
      await pods.untilShared({ a: '2+2', b: '2+2' })
      await pods.give()
      await pods.clock.advance(30_000)
      // Of each of four tasks and their copies, two stores.
      await pods.until(() =>
        expect([pods.of('a'), pods.of('b')].map(({ snapshots }) => snapshots)).to.deep.equal([
          { written: 8, failed: 0 },
          { written: 8, failed: 0 },
        ]),
      )
      const files = await readdir(stateDir, { recursive: true })
      expect(files.filter((name) => name.endsWith('.snapshot'))).to.have.length(16)
    })
  })
})
