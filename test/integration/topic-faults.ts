import { expect } from 'chai'
import kafkajs, { type Admin } from 'kafkajs'
import type { Instance } from '../../runtime/instance.ts'
import type { RunningKafka } from '../kafka/kafka.ts'
import { eventually } from '../support/eventually.ts'
import type { JobUnderFaults } from './job-under-faults.ts'

const IN_TIME = { timeoutMs: 30_000 } as const

/** What becomes of a stateless job when somebody changes its topics behind its back. */
export function topicFaults(given: () => { kafka: RunningKafka; job: JobUnderFaults }): void {
  let admin: Admin
  let job: JobUnderFaults

  before(async () => {
    const { bootstrapServers } = given().kafka
    const client = { brokers: [...bootstrapServers], logLevel: kafkajs.logLevel.NOTHING }
    admin = new kafkajs.Kafka(client).admin()
    await admin.connect()
  })

  beforeEach(() => {
    ;({ job } = given())
  })

  after(() => admin?.disconnect())

  const addPartitions = (topic: string, count: number) =>
    admin.createPartitions({ topicPartitions: [{ topic, count }] })

  const failureOf = (instance: Instance): Promise<Error | undefined> =>
    instance.ended.then(
      () => undefined,
      (error: unknown) => error as Error,
    )

  it('reads partitions that are added while it runs, on every instance and without a restart', async function () {
    this.timeout(60_000)
    const spec = { metadataMaxAgeMs: 1000, threads: 2 }
    const instances = [job.start(spec), job.start(spec)]
    const tasks = () => instances.map((instance) => instance.status().tasks.length)
    await eventually(() => expect(tasks()).to.deep.equal([3, 3]), IN_TIME)
    await addPartitions(job.input, 10)
    await eventually(() => expect(tasks()).to.deep.equal([5, 5]), IN_TIME)
    for (let partition = 0; partition < 10; partition++) job.write('{"id":1}', partition)
    await job.flush()
    await eventually(async () => expect(await job.produced()).to.equal(10), IN_TIME)
    expect(instances.map((instance) => instance.status().state)).to.deep.equal([
      'Running',
      'Running',
    ])
  })

  it('stops and says so when partitions are added whose keys its state lies by', async function () {
    this.timeout(60_000)
    const instance = job.start({
      metadataMaxAgeMs: 1000,
      steps: [{ name: 'all', from: 'in', groupBy: 'key', aggregate: { records: 'count()' } }],
    })
    await eventually(() => expect(instance.ready()).to.equal(true), IN_TIME)
    await addPartitions(job.input, 7)
    const failure = await failureOf(instance)
    expect(failure?.name).to.equal('RepartitionRequired')
    expect(failure?.message).to.contain('has 6 partitions, the job now needs 7')
  })
}
