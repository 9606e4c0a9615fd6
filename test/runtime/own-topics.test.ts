import { expect } from 'chai'
import type { PartitionOffset } from '../../runtime/broker/broker.ts'
import type { Instance } from '../../runtime/instance.ts'
import { eventually } from '../support/eventually.ts'
import { interceptedBroker } from '../support/intercepted-broker.ts'
import { JobBench, type JobSpec } from '../support/job-bench.ts'

const CHANGELOG = 'test.job-counts-changelog'
const REPARTITION = 'test.job-counts-repartition'
const counts = { name: 'counts', from: 'in', groupBy: 'key', aggregate: { n: 'count()' } }
const rekeyed = { ...counts, groupBy: 'key + "!"' }
const windowed = { steps: [{ ...counts, window: { tumbling: '1m', grace: '1m' } }] }
const spec: JobSpec = {
  inputs: [{ name: 'in', topic: 'in' }],
  steps: [counts],
  outputs: [{ from: 'counts', topic: 'totals' }],
}

describe('a job whose own topics are others than at its last commit', () => {
  let bench: JobBench

  beforeEach(() => {
    bench = new JobBench({ in: 1, totals: 1 })
  })

  afterEach(() => bench.stop())

  /** On brokers that tell this id of one of its topics. */
  function start(topicId: string, change: Partial<JobSpec> = {}, of = CHANGELOG): Instance {
    const broker = interceptedBroker(bench.embedded.connect(), (call, run) =>
      call === 'admin.listOffsets'
        ? (run() as Promise<readonly PartitionOffset[]>).then((offsets) =>
            offsets.map((at) => (at.topic === of ? { ...at, topicId } : at)),
          )
        : run(),
    )
    return bench.start({ ...spec, ...change }, { broker, instanceId: 'job-0' })
  }

  const isRunning = (job: Instance) =>
    eventually(() => expect(job.status().state).to.equal('Running'))

  async function countOne(job: Instance, n: number): Promise<void> {
    bench.produce('in', [['a', {}]])
    await eventually(() =>
      expect(bench.values('totals').map((total) => (total as { n: number }).n)).to.deep.equal(
        Array.from({ length: n }, (_, index) => index + 1),
      ),
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

  it('stops and says so where it is a repartition topic', async () => {
    const steps = [rekeyed]
    await countOne(start('first', { steps }, REPARTITION), 1)
    const failure = await failureOf(start('second', { steps }, REPARTITION))
    expect(failure?.name).to.equal('DataLoss')
    expect(failure?.message).to.match(
      /^topic test\.job-counts-repartition was deleted and created anew: what task 0_0 had handed on/,
    )
    await countOne(start('second', { steps, onDataLoss: 'Continue' }, REPARTITION), 2)
    await isRunning(start('second', { steps }, REPARTITION))
  })

  it('stops rather than read state of another form', async () => {
    await countOne(start('first'), 1)
    const failure = await failureOf(start('first', windowed))
    expect(failure?.name).to.equal('StateLoss')
    expect(failure?.message).to.contain(
      `"counts" kept its state in another form: what topic ${CHANGELOG} holds cannot be read`,
    )
    await countOne(
      start('first', { steps: [{ ...counts, aggregate: { n: 'count()', m: 'max(1)' } }] }),
      2,
    )
  })

  it('stops at a changelog that its store can make nothing of, whoever wrote it', async () => {
    bench.embedded.createTopic({ name: CHANGELOG, partitions: 1 })
    bench.produce(CHANGELOG, [['a', { n: 1 }]])
    const failure = await failureOf(start('first', windowed))
    expect(failure?.name).to.equal('StateLoss')
    expect(failure?.cause).to.be.instanceOf(RangeError)
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
