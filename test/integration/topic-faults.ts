import { expect } from 'chai'
import kafkajs, { type Admin } from 'kafkajs'
import { instanceMetrics } from '../../runtime/instance-metrics.ts'
import type { Instance } from '../../runtime/instance.ts'
import { connectedAdmin } from '../kafka/admin.ts'
import { deleteRecordsBefore } from '../kafka/delete-records.ts'
import type { RunningKafka } from '../kafka/kafka.ts'
import { eventually } from '../support/eventually.ts'
import type { JobUnderFaults } from './job-under-faults.ts'

const IN_TIME = { timeoutMs: 30_000 } as const

/** What becomes of a stateless job when somebody changes its topics behind its back. */
export function topicFaults(given: () => { kafka: RunningKafka; job: JobUnderFaults }): void {
  let admin: Admin
  let kafka: RunningKafka
  let job: JobUnderFaults

  before(async () => {
    admin = await connectedAdmin(given().kafka.bootstrapServers)
  })

  beforeEach(() => {
    ;({ kafka, job } = given())
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

  /** Five records are read, of the five that follow three are deleted while nobody reads. */
  async function loseThree(): Promise<void> {
    const first = job.start()
    for (let count = 0; count < 5; count++) job.write('{"id":1}')
    await job.flush()
    await eventually(async () => expect(await job.produced()).to.equal(5), IN_TIME)
    await first.stop()
    for (let count = 0; count < 5; count++) job.write('{"id":1}')
    await job.flush()
    await deleteRecordsBefore(kafka, { topic: job.input, partition: 0, offset: 8 })
  }

  it('stops and says which records are gone when they were deleted unread', async function () {
    this.timeout(60_000)
    await loseThree()
    const failure = await failureOf(job.start())
    expect(failure?.name).to.equal('DataLoss')
    expect(failure?.message).to.contain(
      'offsets 5 to 7 were removed by retention or deleted before they were read, 8 is the first one left',
    )
  })

  it('counts what was deleted unread and goes on behind it when onDataLoss is Continue', async function () {
    this.timeout(60_000)
    await loseThree()
    const instance = job.start({ onDataLoss: 'Continue' })
    await eventually(async () => expect(await job.produced()).to.equal(7), IN_TIME)
    const { counts, losses, state } = instance.status()
    expect(state).to.equal('Running')
    expect(counts.lost).to.equal(3)
    expect(losses).to.deep.equal([{ topic: job.input, partition: 0, from: 5, to: 7 }])
    expect(await instanceMetrics(() => instance.status()).render()).to.match(
      /^millrace_records_lost_total\{.*\} 3$/m,
    )
  })

  /** Deletes the input and fills a new one of its name with more records than the old one had. */
  async function replaceInput(): Promise<void> {
    await admin.deleteTopics({ topics: [job.input] })
    await eventually(async () => {
      await admin.createTopics({ topics: [{ topic: job.input, numPartitions: 6 }] })
      expect(await admin.listTopics()).to.include(job.input)
    }, IN_TIME)
    for (let count = 0; count < 9; count++) job.write('{"id":1}')
    await job.flush()
  }

  it('stops when its input was deleted and created anew, instead of reading from an offset of the old one', async function () {
    this.timeout(60_000)
    const instance = job.start({ onDataLoss: 'Continue' })
    for (let count = 0; count < 5; count++) job.write('{"id":1}')
    await job.flush()
    await eventually(async () => expect(await job.produced()).to.equal(5), IN_TIME)
    const failure = failureOf(instance)
    await replaceInput()
    expect((await failure)?.message).to.contain('was deleted and created anew')
    expect(instance.status().lastError?.reason).to.equal('TopicRecreated')
    expect(await job.produced()).to.equal(5)
  })

  it('does not take an offset that was committed for another topic of that name', async function () {
    this.timeout(60_000)
    await job.commitAs('another topic', 3)
    for (let count = 0; count < 5; count++) job.write('{"id":1}')
    await job.flush()
    const failure = await failureOf(job.start())
    expect(failure?.name).to.equal('TopicRecreated')
    expect(failure?.message).to.contain(`offset 3 of ${job.input}-0 means nothing in it`)
  })

  describe('and that writes a record that is too large', () => {
    const LARGE = `{"id":9,"pad":"${'x'.repeat(3000)}"}`
    const settle = async (instance: Instance) => {
      const out = job.readAll(job.output, 6)
      await eventually(async () => {
        await out.poll()
        const ids = new Set(out.records.map(({ value }) => (JSON.parse(value ?? '') as Id).id))
        expect([...ids]).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15])
      }, IN_TIME)
      expect(instance.status().state).to.equal('Running')
    }

    /** Fifteen small ones with the large one in between, in one batch each way. */
    async function writeRecords(): Promise<void> {
      await setLimit(job.output, 2000)
      for (let id = 0; id <= 15; id++) job.write(id === 9 ? LARGE : `{"id":${id}}`, 0)
      await job.flush()
    }

    const setLimit = (topic: string, bytes: number) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name: topic,
            configEntries: [{ name: 'max.message.bytes', value: `${bytes}` }],
          },
        ],
      })

    it('drops it alone under Skip, and keeps order', async function () {
      this.timeout(60_000)
      await writeRecords()
      const instance = job.start({ onError: 'Skip' })
      await settle(instance)
      expect(instance.status().counts.skipped).to.equal(1)
    })

    it('sets it alone aside under DeadLetter, as it came', async function () {
      this.timeout(60_000)
      await writeRecords()
      const instance = job.start({ onError: 'DeadLetter' })
      await settle(instance)
      const letters = job.readAll(`${job.clientId}-dead-letters`)
      await eventually(async () => {
        await letters.poll()
        expect(letters.records).to.have.length(1)
      }, IN_TIME)
      const [letter] = letters.records
      expect(letter?.value).to.equal(LARGE)
      expect(Object.fromEntries(letter?.headers ?? [])).to.include({
        'millrace.offset': '9',
        'millrace.reason': 'RecordTooLarge',
      })
    })

    it('stops at it under Fail, and names it and the limit', async function () {
      this.timeout(60_000)
      await writeRecords()
      const failure = await failureOf(job.start())
      expect(failure?.message).to.match(
        /^in-.*-0@9: RecordTooLarge in "outputs\[0\]": a record of 3\d\d\d bytes is larger than max\.message\.bytes of topic out-.* \(2000\)/,
      )
    })

    it('stops rather than lose it when the dead-letter topic does not take it, either', async function () {
      this.timeout(60_000)
      await writeRecords()
      const deadLetterTopic = `${job.clientId}-too-small`
      await admin.createTopics({ topics: [{ topic: deadLetterTopic }] })
      await setLimit(deadLetterTopic, 2500)
      const instance = job.start({ onError: 'DeadLetter', deadLetterTopic })
      const failure = await failureOf(instance)
      expect(failure?.name).to.equal('RecordTooLarge')
      expect(failure?.message).to.match(
        /^in-.*-0@9: RecordTooLarge .*\nIt cannot be set aside, either: a record of 3\d\d\d bytes .*-too-small \(2500\)/s,
      )
    })
  })
}

interface Id {
  readonly id: number
}
