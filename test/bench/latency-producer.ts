import { parseArgs } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { PaymentMaker } from './payments.ts'

/**
 * A process that produces payments at a fixed rate, whatever becomes of them. `id` is the moment of making, in microseconds
 * of the clock that all processes of a machine share.
 */
const TICK_MS = 5

const { values } = parseArgs({
  options: {
    bootstrap: { type: 'string', default: '' },
    topic: { type: 'string', default: '' },
    rate: { type: 'string', default: '' },
    records: { type: 'string', default: '' },
    bytes: { type: 'string', default: '' },
  },
})
const records = Number(values.records)
const perMs = Number(values.rate) / 1000

const kafka = new Kafka({ brokers: [values.bootstrap], logLevel: logLevel.ERROR })
const producer = kafka.producer()
const maker = new PaymentMaker(Number(values.bytes))
await producer.connect()

const startedMs = performance.now()
let made = 0
await new Promise<void>((resolve, reject) => {
  const timer = setInterval(() => {
    const due = Math.min(records, Math.floor((performance.now() - startedMs) * perMs))
    if (due > made) send(due - made).catch(reject)
    made = due
    if (made < records) return
    clearInterval(timer)
    resolve()
  }, TICK_MS)
})
await producer.disconnect()

async function send(count: number): Promise<void> {
  const stamp = Number(process.hrtime.bigint() / 1000n)
  const messages = Array.from({ length: count }, () => {
    const { key, json } = maker.next(stamp)
    return { key, value: json }
  })
  await producer.send({ topic: values.topic, messages, acks: -1 })
}
