import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { AssignerProtocol, type Consumer, Kafka, logLevel } from 'kafkajs'
import type { RuntimeConfigInput } from '../../runtime/config.ts'
import { missingForKafka } from '../kafka/jars.ts'
import { sharedKafka } from '../kafka/shared.ts'
import { eventually } from '../support/eventually.ts'
import { InstanceProcess } from '../support/instance-process.ts'
import { requireOrSkip } from '../support/skip.ts'

const START = { timeoutMs: 60_000 }

describe('worker threads on a real Kafka', function () {
  this.timeout(120_000)

  let kafka: Kafka
  let admin: ReturnType<Kafka['admin']>
  let config: RuntimeConfigInput
  let outputTopic: string
  let running: InstanceProcess[]
  let consumer: Consumer | undefined

  before(async function () {
    requireOrSkip(this, await missingForKafka())
    const { bootstrapServers } = await sharedKafka()
    kafka = new Kafka({ brokers: [...bootstrapServers], logLevel: logLevel.NOTHING })
    admin = kafka.admin()
    await admin.connect()
  })

  after(() => admin?.disconnect())

  beforeEach(async () => {
    running = []
    const id = randomUUID().slice(0, 8)
    const inputTopic = `in-${id}`
    outputTopic = `out-${id}`
    const topics = [
      { topic: inputTopic, numPartitions: 4 },
      { topic: outputTopic, numPartitions: 2 },
    ]
    await admin.createTopics({ topics })
    config = {
      job: { namespace: 'test', name: id },
      applicationId: `test.${id}`,
      kafka: { bootstrapServers: [...(await sharedKafka()).bootstrapServers] },
      inputs: [{ name: 'in', topic: inputTopic }],
      steps: [
        { name: 'positive', from: 'in', filter: 'value.n >= 0' },
        { name: 'counted', from: 'positive', groupBy: 'key', aggregate: { n: 'count()' } },
      ],
      outputs: [{ from: 'counted', topic: outputTopic }],
      commitIntervalMs: 200,
      threads: 2,
    }
  })

  afterEach(async () => {
    await Promise.all(running.map((instance) => instance.kill()))
    await consumer?.disconnect()
    consumer = undefined
  })

  async function start(instanceId: string, code?: string): Promise<InstanceProcess> {
    const instance = await InstanceProcess.start(config, {
      instanceId,
      ...(code === undefined ? {} : { code }),
    })
    running.push(instance)
    return instance
  }

  const isReady = (instance: InstanceProcess) =>
    eventually(async () => expect(await instance.probe('/readyz')).to.equal(200), START)

  /** How many input partitions each member of the group has: at first one may have them all. */
  async function shares(): Promise<readonly number[]> {
    const { groups } = await admin.describeGroups([config.applicationId])
    return (groups[0]?.members ?? []).map(({ memberAssignment }) => {
      const assigned = AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {}
      return Object.values(assigned).flat().length
    })
  }

  async function produce(
    records: readonly { key: string; value: string; partition?: number }[],
  ): Promise<void> {
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic: config.inputs[0]?.topic ?? '', messages: [...records] })
    await producer.disconnect()
  }

  /** Values of the output by key, in the order they came. */
  async function outputs(): Promise<ReadonlyMap<string, unknown[]>> {
    const seen = new Map<string, unknown[]>()
    consumer = kafka.consumer({ groupId: `reader-${randomUUID()}` })
    await consumer.connect()
    await consumer.subscribe({ topic: outputTopic, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message: { key, value } }) => {
        const values = seen.get(String(key)) ?? []
        seen.set(String(key), [...values, JSON.parse(String(value))])
      },
    })
    return seen
  }

  it('works off everything in the order of each key, as two members, and commits on SIGTERM', async () => {
    const keys = Array.from({ length: 40 }, (_, n) => `key-${n}`)
    const rounds = 25
    const records = Array.from({ length: rounds }, () =>
      keys.map((key) => ({ key, value: '{"n": 1}' })),
    ).flat()
    const instance = await start('job-0')
    await produce(records)
    await isReady(instance)
    const seen = await outputs()
    const expected = Array.from({ length: rounds }, (_, n) => ({ n: n + 1 }))
    await eventually(() => {
      for (const key of keys) expect(seen.get(key), key).to.deep.equal(expected)
    }, START)
    const { groups } = await admin.describeGroups([config.applicationId])
    expect(groups[0]?.members).to.have.length(2)
    await eventually(async () => {
      const { counts, nodes, tasks, state } = await instance.status()
      expect(state).to.equal('Running')
      expect(counts.consumed).to.equal(records.length)
      expect(nodes.counted).to.equal(records.length)
      expect(tasks.map(({ id }) => id).sort()).to.deep.equal(['0_0', '0_1', '0_2', '0_3'])
    })

    await produce(records)
    instance.signal('SIGTERM')
    expect(await instance.ended()).to.equal(0)
    const committed = await admin.fetchOffsets({ groupId: config.applicationId })
    const offsets = committed[0]?.partitions ?? []
    expect(offsets).to.have.length(4)
    expect(offsets.every(({ offset }) => Number(offset) > 0)).to.equal(true)
    const next = await start('job-0')
    await isReady(next)
    await eventually(() => {
      for (const key of keys) expect(seen.get(key)?.at(-1), key).to.deep.equal({ n: 2 * rounds })
    }, START)
    // What was committed on SIGTERM is not processed again, so that no count is skipped or doubled.
    for (const key of keys) expect(seen.get(key)).to.have.length(2 * rounds)
  })

  it('spreads tasks over pods and their threads, and takes them over from a pod that ends', async () => {
    const [first, second] = [await start('job-0'), await start('job-1')]
    const ids = async (instance: InstanceProcess) =>
      (await instance.status()).tasks.map(({ id }) => id)
    await eventually(async () => {
      expect(await ids(first)).to.have.length(2)
      expect(await ids(second)).to.have.length(2)
    }, START)
    second.signal('SIGTERM')
    expect(await second.ended()).to.equal(0)
    await eventually(async () => expect(await ids(first)).to.have.length(4), START)
  })

  it('ends as a whole when one thread fails, and says which and why', async () => {
    const instance = await start('job-0')
    await isReady(instance)
    await produce([{ key: 'k', value: 'no json' }])
    expect(await instance.ended()).to.equal(1)
    expect(instance.log).to.match(/InvalidJson in \\"positive\\"/)
    expect(instance.log).to.match(/Thread [12] of 2 ended with this/)
  })

  describe('with code of its own', () => {
    const job = (steps: string) => `import { job, stream } from 'millrace'
export default job(
  stream('in')${steps}.to('${outputTopic}'),
)`

    const startMischief = (body: string) =>
      startWith(`.filter('mischief', ({ value }) => { ${body}; return true })`)

    const startWith = async (steps: string): Promise<InstanceProcess> => {
      config = {
        job: config.job,
        applicationId: config.applicationId,
        kafka: config.kafka,
        inputs: config.inputs,
        threads: 2,
      }
      const instance = await start('job-0', job(steps))
      await isReady(instance)
      await produce([{ key: 'k', value: '{"n": 1}' }])
      return instance
    }

    it('reads on only as fast as async functions answer, in order, and commits all of it', async () => {
      const rounds = 60
      const keys = Array.from({ length: 20 }, (_, n) => `key-${n}`)
      const padding = 'x'.repeat(5000)
      for (let n = 0; n < rounds; n++)
        await produce(keys.map((key) => ({ key, value: JSON.stringify({ n, padding }) })))
      const instance = await startWith(`.mapValuesAsync('slow', async ({ value }) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 4))
        return value.n
      }, { concurrency: 8 })`)
      const seen = await outputs()
      const expected = Array.from({ length: rounds }, (_, n) => n)
      await eventually(() => {
        for (const key of keys) expect(seen.get(key), key).to.deep.equal(expected)
      }, START)
      instance.signal('SIGTERM')
      expect(await instance.ended()).to.equal(0)
      const committed = await admin.fetchOffsets({ groupId: config.applicationId })
      const offsets = committed[0]?.partitions.map(({ offset }) => Number(offset)) ?? []
      expect(offsets.reduce((sum, offset) => sum + offset, 0)).to.equal(rounds * keys.length + 1)
    })

    it('ends although a function never answers, and leaves its record to the next', async () => {
      const hanging = await startWith(
        `.mapValuesAsync('hangs', ({ value }) => {
          console.error('hanging')
          return new Promise((resolve) => setInterval(() => value.n < 0 && resolve(value), 1000))
        })`,
      )
      await eventually(() => expect(hanging.log).to.contain('hanging'), START)
      hanging.signal('SIGTERM')
      expect(await hanging.ended()).to.equal(0)
      const next = await startWith(`.mapValuesAsync('answers', async ({ value }) => value)`)
      const seen = await outputs()
      await eventually(() => expect(seen.get('k')).to.deep.equal([{ n: 1 }, { n: 1 }]), START)
      expect((await next.status()).inFlight).to.deep.equal({ answers: 0 })
    })

    it('ends at once while its file is still being loaded', async () => {
      const instance = await start('job-0', 'for (;;);')
      await eventually(async () => expect(await instance.probe('/healthz')).to.equal(200), START)
      instance.signal('SIGTERM')
      expect(await instance.ended()).to.equal(0)
    })

    it('answers probes while it loops for ever, and ends at the second SIGTERM', async () => {
      const instance = await startMischief('console.error("round and round"); for (;;);')
      await eventually(() => expect(instance.log).to.contain('round and round'), START)
      expect(await instance.probe('/healthz')).to.equal(200)
      instance.signal('SIGTERM')
      await eventually(() => expect(instance.log).to.contain('"stopping"'))
      instance.signal('SIGTERM')
      expect(await instance.ended()).to.equal(130)
    })

    it('ends although one thread loops for ever, when another fails', async () => {
      const instance = await startMischief(
        'if (value.n === 2) throw new Error("boom"); if (value.n === 3) { console.error("round and round"); for (;;); }',
      )
      await eventually(async () => expect(await shares()).to.deep.equal([2, 2]), START)
      await produce([{ key: 'k', value: '{"n": 3}', partition: 0 }])
      await eventually(() => expect(instance.log).to.contain('round and round'), START)
      await produce([0, 1, 2, 3].map((partition) => ({ key: 'k', value: '{"n": 2}', partition })))
      expect(await instance.ended()).to.equal(1)
      expect(instance.log).to.match(/boom.*Thread [12] of 2 ended with this/s)
    })

    it('ends with what to do when a thread runs out of memory', async () => {
      const instance = await startMischief(
        'const hoard: unknown[] = []; for (;;) hoard.push({ n: hoard.length })',
      )
      expect(await instance.ended()).to.equal(1)
      expect(instance.log).to.match(/ran out of memory: raise resources.limits.memory/)
    })

    it('ends when it calls process.exit, and says that it must not', async () => {
      const instance = await startMischief('process.exit(3)')
      expect(await instance.ended()).to.equal(1)
      expect(instance.log).to.match(/ended by itself with code 3.*must not call process\.exit/)
    })
  })
})
