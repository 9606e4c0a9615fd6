import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { RuntimeStatus } from '../../runtime/config.ts'
import type { Instance } from '../../runtime/instance.ts'
import type { Fields, Logger } from '../../runtime/platform/logger.ts'
import { eventually } from '../support/eventually.ts'
import { JobBench, type JobSpec } from '../support/job-bench.ts'
import { ManualClock } from '../support/manual-clock.ts'

const KEYS = 50
const INTERVAL_MS = 30_000
const CHANGELOGS = ['test.job-counts-changelog', 'test.job-minutes-changelog']

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
  commitIntervalMs: 50,
}

/** A job with state, that dies and comes back. */
class DyingJob {
  readonly clock = new ManualClock()
  readonly warnings: (Fields & { readonly message: string })[] = []
  readonly #bench = new JobBench({ in: 2, totals: 2, 'by-minute': 2 }, this.clock)
  readonly #spec: JobSpec
  #instance: Instance | undefined
  #given = 0

  constructor(stateDir: string, more: Partial<JobSpec> = {}) {
    this.#spec = { ...spec, stateDir, ...more }
  }

  get status(): RuntimeStatus {
    if (this.#instance === undefined) throw new Error('start the job first')
    return this.#instance.status()
  }

  async start(change: Partial<JobSpec> = {}): Promise<void> {
    const log: Logger = {
      info: () => undefined,
      debug: () => undefined,
      error: () => undefined,
      warn: (message, fields) => this.warnings.push({ message, ...fields }),
      child: () => log,
    }
    this.#instance = this.#bench.start({ ...this.#spec, ...change }, { instanceId: 'job-0', log })
    await this.until(() => expect(this.status.state).to.equal('Running'))
  }

  /** Once for each key. */
  async give(): Promise<void> {
    const keys = Array.from({ length: KEYS }, (_, n) => `k${n}`)
    this.#bench.produce(
      'in',
      keys.map((key) => [key, {}] as const),
    )
    this.#given++
    await this.until(() => {
      for (const topic of ['totals', 'by-minute'])
        for (const key of keys)
          expect(this.#bench.latest(topic)[key], key).to.deep.equal({ n: this.#given })
    })
  }

  async kill(): Promise<void> {
    await this.#instance?.abandon()
  }

  async stop(): Promise<void> {
    const stopping = this.#bench.stop()
    await this.until(() => expect(this.status.state).to.equal('Stopping'))
    await stopping
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

  async untilWritten(count: number): Promise<void> {
    await this.clock.advance(INTERVAL_MS)
    await this.until(() => expect(this.status.snapshots.written).to.equal(count))
  }
}

describe('a job with a directory for its state', function () {
  this.timeout(30_000)
  let directory = ''

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'millrace-state-'))
  })

  afterEach(() => rm(directory, { recursive: true }))

  const filesOf = async (): Promise<string[]> =>
    (await readdir(directory, { recursive: true })).filter((name) => name.includes('.')).sort()

  /** Two changelogs of two partitions each. */
  const FILES = CHANGELOGS.flatMap((topic) => [0, 1].map((p) => `${topic}/${p}.snapshot`))

  for (const guarantee of ['AtLeastOnce', 'ExactlyOnce'] as const) {
    it(`reads no more of its changelogs than what is not in its snapshots, ${guarantee}`, async () => {
      const job = new DyingJob(directory, { guarantee })
      await job.start()
      await job.give()
      await job.give()
      await job.untilWritten(FILES.length)
      expect(await filesOf()).to.include.members(FILES)
      await job.kill()
      await job.start()
      expect(job.status.restored).to.deep.equal({ snapshot: 2 * KEYS, changelog: 0 })
      await job.give()
      await job.kill()
      await job.start()
      expect(job.status.restored).to.deep.equal({ snapshot: 2 * KEYS, changelog: 2 * KEYS })
      await job.give()
      expect(job.warnings.filter(({ file }) => file !== undefined)).to.deep.equal([])
      await job.stop()
    })
  }

  it('writes nothing where nothing has changed', async () => {
    const job = new DyingJob(directory)
    await job.start()
    await job.give()
    await job.untilWritten(FILES.length)
    await job.clock.advance(10 * INTERVAL_MS)
    expect(job.status.snapshots.written).to.equal(FILES.length)
    await job.give()
    await job.untilWritten(2 * FILES.length)
    await job.stop()
  })

  /** What is done to a job's snapshots while it is down → what it says of the first of them. */
  const damages: readonly (readonly [
    what: string,
    harm: (job: DyingJob, file: string) => Promise<unknown>,
    why: RegExp,
  ])[] = [
    ['damaged', (_, file) => writeFile(file, 'rubbish'), /ends in the middle/],
    [
      'cut off',
      async (_, file) => writeFile(file, (await readFile(file)).subarray(0, -5)),
      /ends in the middle/,
    ],
    ['half a day old', (job) => job.clock.advance(13 * 60 * 60 * 1000), /minutes old/],
    [
      'of another changelog',
      async (_, file) => writeFile(file, await readFile(file.replace('0.snap', '1.snap'))),
      /it is of test\.job-counts-changelog-1/,
    ],
  ]
  for (const [what, harm, why] of damages) {
    it(`reads the whole changelog where its snapshot is ${what}`, async () => {
      const file = join(directory, FILES[0] ?? '')
      const job = new DyingJob(directory)
      await job.start()
      await job.give()
      await job.untilWritten(FILES.length)
      await job.kill()
      await harm(job, file)
      await job.start()
      const said = job.warnings.find((warning) => warning.file === file)
      expect(said?.why).to.match(why)
      expect(said?.removed).to.equal(true)
      expect(job.status.restored.changelog).to.be.at.least(1)
      expect(job.status.restored.snapshot + job.status.restored.changelog).to.equal(2 * KEYS)
      await job.give()
      await job.stop()
    })
  }

  it('goes on without snapshots where it cannot write any', async () => {
    const file = join(directory, 'a-file')
    await writeFile(file, '')
    const job = new DyingJob(join(file, 'state'))
    await job.start()
    await job.give()
    await job.clock.advance(INTERVAL_MS)
    await job.until(() => expect(job.status.snapshots.failed).to.be.at.least(1))
    await job.give()
    await job.clock.advance(INTERVAL_MS)
    expect(job.status.snapshots.written).to.equal(0)
    const said = job.warnings.filter(({ message }) => message.startsWith('cannot write'))
    expect(said.map(({ why }) => why)).to.have.length(1)
    await job.stop()
  })
})
