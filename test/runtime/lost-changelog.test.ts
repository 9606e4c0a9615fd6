import { expect } from 'chai'
import type { PartitionOffset } from '../../runtime/broker/broker.ts'
import type { Instance } from '../../runtime/instance.ts'
import { eventually } from '../support/eventually.ts'
import { interceptedBroker } from '../support/intercepted-broker.ts'
import { JobBench, type JobSpec } from '../support/job-bench.ts'

const CHANGELOG = 'test.job-counts-changelog'
const counts = { name: 'counts', from: 'in', groupBy: 'key', aggregate: { n: 'count()' } }
const spec: JobSpec = {
  inputs: [{ name: 'in', topic: 'in' }],
  steps: [counts],
  outputs: [{ from: 'counts', topic: 'totals' }],
}

describe('a job whose changelog is another topic than at its last commit', () => {
  let bench: JobBench

  beforeEach(() => {
    bench = new JobBench({ in: 1, totals: 1 })
  })

  afterEach(() => bench.stop())

  /** On brokers that tell this id of the changelog. */
  function start(topicId: string, change: Partial<JobSpec> = {}): Instance {
    const broker = interceptedBroker(bench.embedded.connect(), (call, run) =>
      call === 'admin.listOffsets'
        ? (run() as Promise<readonly PartitionOffset[]>).then((offsets) =>
            offsets.map((at) => (at.topic === CHANGELOG ? { ...at, topicId } : at)),
          )
        : run(),
    )
    return bench.start({ ...spec, ...change }, { broker, instanceId: 'job-0' })
  }

  const isRunning = (job: Instance) =>
    eventually(() => expect(job.status().state).to.equal('Running'))

  async function countOne(job: Instance, n: number): Promise<void> {
    bench.produce('in', [['a', {}]])
    await bench.expectValues(
      'totals',
      Array.from({ length: n }, (_, index) => ({ n: index + 1 })),
    )
    await eventually(() => bench.expectIdle(job))
    await job.stop()
  }

  const failureOf = (job: Instance): Promise<Error | undefined> =>
    job.ended.then(
      () => undefined,
      (error: unknown) => error as Error,
    )

  it('stops and says so', async () => {
    await countOne(start('first'), 1)
    const failure = await failureOf(start('second'))
    expect(failure?.name).to.equal('DataLoss')
    expect(failure?.message).to.match(
      /^topic test\.job-counts-changelog was deleted and created anew/,
    )
  })

  it('goes on where onDataLoss is Continue, and takes the new topic for its own', async () => {
    await countOne(start('first'), 1)
    await countOne(start('second', { onDataLoss: 'Continue' }), 2)
    await countOne(start('second'), 3)
  })

  it('goes on where it is the same topic, and where a step has come with one of its own', async () => {
    await countOne(start('first'), 1)
    await countOne(start('first'), 2)
    const more = { ...counts, name: 'more' }
    await isRunning(start('first', { steps: [counts, more] }))
  })
})
