import { parseArgs } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { quantile } from './statistics.ts'

/**
 * A process that reads what the job wrote and prints on a line of its own the quantiles of the time since each record was
 * due, in milliseconds, as JSON.
 */
const MICROSECONDS_PER_MS = 1000

const { values } = parseArgs({
  options: {
    bootstrap: { type: 'string', default: '' },
    topic: { type: 'string', default: '' },
    skip: { type: 'string', default: '' },
    records: { type: 'string', default: '' },
  },
})
const skip = Number(values.skip)
const latencies = new Float64Array(Number(values.records))

const kafka = new Kafka({ brokers: [values.bootstrap], logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId: `latency-${values.topic}`, maxWaitTimeInMs: 100 })
await consumer.connect()
await consumer.subscribe({ topic: values.topic, fromBeginning: true })
consumer.on(consumer.events.GROUP_JOIN, () => console.log('ready'))

let seen = 0
await new Promise<void>((resolve, reject) => {
  consumer
    .run({
      partitionsConsumedConcurrently: 4,
      eachBatch: async ({ batch }) => {
        const now = Number(process.hrtime.bigint() / 1000n)
        for (const { value } of batch.messages) {
          const { id } = JSON.parse(value?.toString() ?? '') as { id: number }
          const index = seen++ - skip
          if (index >= 0 && index < latencies.length)
            latencies[index] = (now - id) / MICROSECONDS_PER_MS
        }
        if (seen >= skip + latencies.length) resolve()
      },
    })
    .catch(reject)
})
latencies.sort()
console.log(
  JSON.stringify({
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    p999Ms: quantile(latencies, 0.999),
  }),
)
await consumer.disconnect()
