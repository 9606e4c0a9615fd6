import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { Kafka, logLevel } from 'kafkajs'
import { KafkaBroker } from '../../runtime/broker/kafka-broker.ts'
import { runtimeConfigSchema } from '../../runtime/config.ts'
import { startInstance } from '../../runtime/instance.ts'
import { systemClock } from '../../runtime/platform/clock.ts'
import { silentLogger } from '../../runtime/platform/silent-logger.ts'
import { missingForKafka } from '../kafka/jars.ts'
import { sharedKafka } from '../kafka/shared.ts'
import { requireOrSkip } from '../support/skip.ts'

/** As Java's LongSerializer and DoubleSerializer wrote them: see `test/runtime/serde/serde.test.ts`. */
const records = [
  { key: '000000000000002a', value: '3fb999999999999a' },
  { key: '0000018bcfe56800', value: '400921fb54442d18' },
  { key: 'fffffffeffffffff', value: 'bff8000000000000' },
].map(({ key, value }) => ({ key: Buffer.from(key, 'hex'), value: Buffer.from(value, 'hex') }))

const deserializer = (name: string) => `org.apache.kafka.common.serialization.${name}Deserializer`

describe('formats, read by Java', function () {
  this.timeout(120_000)

  before(async function () {
    requireOrSkip(this, await missingForKafka())
    await sharedKafka()
  })

  it('writes Long keys and Double values that the Java deserializers read', async () => {
    const real = await sharedKafka()
    const { bootstrapServers } = real
    const id = randomUUID().slice(0, 8)
    const kafka = new Kafka({ brokers: [...bootstrapServers], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [`in-${id}`, `out-${id}`].map((topic) => ({ topic })) })
    await admin.disconnect()
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic: `in-${id}`, messages: records })
    await producer.disconnect()

    const broker = new KafkaBroker({ bootstrapServers, clientId: id })
    const formats = { keyFormat: 'Long', format: 'Double' } as const
    const instance = startInstance({
      config: runtimeConfigSchema.parse({
        job: { namespace: 'test', name: id },
        applicationId: id,
        kafka: { bootstrapServers },
        inputs: [{ name: 'in', topic: `in-${id}`, ...formats }],
        // Written anew, not passed through.
        steps: [{ name: 'moved', from: 'in', filter: 'key > 0', keyBy: 'key + 1' }],
        outputs: [{ from: 'moved', topic: `out-${id}`, ...formats }],
      }),
      broker,
      instanceId: id,
      clock: systemClock,
      random: Math.random,
      log: silentLogger,
      loadTopology: () => Promise.reject(new Error('no TypeScript job here')),
    })
    try {
      const printed = await real.javaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
        ...['--bootstrap-server', bootstrapServers.join(','), '--topic', `out-${id}`],
        ...['--from-beginning', '--max-messages', '2', '--timeout-ms', '60000'],
        ...[
          '--property',
          'print.key=true',
          '--property',
          `key.deserializer=${deserializer('Long')}`,
        ],
        ...['--property', `value.deserializer=${deserializer('Double')}`],
      ])
      expect(printed.trim().split('\n').sort()).to.deep.equal([
        `1700000000001\t${Math.PI}`,
        '43\t0.1',
      ])
    } finally {
      await instance.stop()
      await broker.close()
    }
  })
})
