import { parseArgs } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { PaymentMaker } from './payments.ts'

/**
 * A process that produces payments at a fixed rate, whatever becomes of them. `id` is the moment at which the record was due,
 * in microseconds of the clock that all processes of a machine share: what a stall held up counts as late, too.
 */
const TICK_MS = 5
/** After a stall there is more to send than fits into one request. */
const MAX_SEND_RECORDS = 1000

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
const perUs = Number(values.rate) / 1e6

const kafka = new Kafka({ brokers: [values.bootstrap], logLevel: logLevel.NOTHING })
const producer = kafka.producer()
const maker = new PaymentMaker(Number(values.bytes))
await producer.connect()

const startedUs = clockUs()
const sends: Promise<unknown>[] = []
let made = 0
await new Promise<void>((resolve) => {
  const timer = setInterval(() => {
    const due = Math.min(records, Math.floor((clockUs() - startedUs) * perUs))
    // Not awaited: a slow broker must not slow the clock of what is made.
    while (made < due) sends.push(send(Math.min(due - made, MAX_SEND_RECORDS)))
    if (made < records) return
    clearInterval(timer)
    resolve()
  }, TICK_MS)
})
await Promise.all(sends)
await producer.disconnect()

function send(count: number): Promise<unknown> {
  const messages = Array.from({ length: count }, () => {
    const dueUs = Math.round(startedUs + made++ / perUs)
    const { key, json } = maker.next(dueUs)
    return { key, value: json }
  })
  return producer.send({ topic: values.topic, messages, acks: -1 })
}

function clockUs(): number {
  return Number(process.hrtime.bigint() / 1000n)
}
