import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { KafkaBroker } from '../../runtime/broker/kafka-broker.ts'
import { partitionFor } from '../../runtime/broker/partitioner.ts'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { runtimeConfigSchema } from '../../runtime/config.ts'
import { type Instance, startInstance } from '../../runtime/instance.ts'
import { systemClock } from '../../runtime/platform/clock.ts'
import { silentLogger } from '../../runtime/platform/silent-logger.ts'
import { recordsOf } from '../support/seen-records.ts'
import { missingForKafka } from '../kafka/jars.ts'
import { sharedKafka } from '../kafka/shared.ts'
import { eventually } from '../support/eventually.ts'
import { requireOrSkip } from '../support/skip.ts'

const PARTITIONS = 2
const RECORDS = 3000
const KEYS = 17

type Timed = readonly [key: string, value: unknown, time: number]

describe('a join on a real Kafka', function () {
  this.timeout(120_000)
  const id = randomUUID().slice(0, 8)
  const topics = ['orders', 'cards', 'rated'].map((name) => `${name}-${id}`)
  const [orders = '', cards = '', rated = ''] = topics
  let broker: KafkaBroker
  let instance: Instance | undefined

  before(async function () {
    requireOrSkip(this, await missingForKafka())
    const { bootstrapServers } = await sharedKafka()
    broker = new KafkaBroker({ bootstrapServers, clientId: id })
    await broker.admin.createTopics(
      topics.map((name) => ({ name, partitions: PARTITIONS, replicationFactor: 1 })),
    )
    await eventually(async () =>
      expect((await broker.admin.describeTopics(topics)).size).to.equal(topics.length),
    )
  })

  after(async () => {
    await instance?.stop()
    await broker?.close()
  })

  async function produce(topic: string, records: readonly Timed[]): Promise<void> {
    const producer = broker.producer()
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const builder = new RecordBatchBuilder()
      for (const [key, value, time] of records) {
        const bytes = Buffer.from(key)
        if (partitionFor(bytes, PARTITIONS) !== partition) continue
        builder.append(time, bytes, Buffer.from(JSON.stringify(value)))
      }
      if (builder.count > 0) producer.send({ topic, partition }, builder.build())
    }
    await producer.flush()
    await producer.close()
  }

  function start(): Instance {
    return startInstance({
      config: runtimeConfigSchema.parse({
        job: { namespace: 'test', name: id },
        applicationId: id,
        kafka: { bootstrapServers: ['unused:9092'] },
        inputs: [
          { name: 'orders', topic: orders },
          { name: 'cards', topic: cards, as: 'Table' },
        ],
        steps: [
          { name: 'met', from: 'orders', join: { table: 'cards', as: 'card', type: 'Left' } },
        ],
        outputs: [{ from: 'met', topic: rated }],
      }),
      broker,
      instanceId: id,
      clock: systemClock,
      random: Math.random,
      log: silentLogger,
      loadTopology: () => Promise.reject(new Error('no TypeScript job here')),
    })
  }

  /** What was written so far: number of the order → the card that it met. */
  async function readRated(): Promise<Map<unknown, unknown>> {
    const met = new Map<unknown, unknown>()
    const reader = broker.fetcher({ maxBytes: 1 << 22 })
    for (let partition = 0; partition < PARTITIONS; partition++)
      reader.assign({ topic: rated, partition, offset: 0 })
    for (let quiet = 0; quiet < 2;) {
      const fetched = await reader.poll(500)
      quiet = fetched.length === 0 ? quiet + 1 : 0
      for (const { value } of fetched.flatMap(recordsOf)) {
        const { n, card } = JSON.parse(value ?? '{}') as {
          readonly n: number
          readonly card: unknown
        }
        met.set(n, card)
      }
    }
    await reader.close()
    return met
  }

  it('gives what it would have given when the records were written, though topics are read at once', async () => {
    const numbers = Array.from({ length: RECORDS }, (_, n) => n)
    await produce(
      orders,
      numbers.map((n) => [`k${n % KEYS}`, { n }, 1_700_000_000_001 + 2 * n]),
    )
    await produce(
      cards,
      numbers.map((n) => [`k${n % KEYS}`, { n }, 1_700_000_000_000 + 2 * n]),
    )
    instance = start()
    await eventually(async () => expect((await readRated()).size).to.equal(RECORDS), {
      timeoutMs: 60_000,
    })
    const met = await readRated()
    expect(numbers.map((n) => met.get(n))).to.deep.equal(numbers.map((n) => ({ n })))
  })

  it('does not wait for an input in which nothing comes', async () => {
    await produce(orders, [['k0', { n: RECORDS }, 1_700_000_100_000]])
    await eventually(async () => expect((await readRated()).has(RECORDS)).to.equal(true), {
      timeoutMs: 30_000,
    })
  })
})
