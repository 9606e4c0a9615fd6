import kafkajs from 'kafkajs'
import { expectedAlerts, type Alert, paymentsFrom } from './payments.ts'

/**
 * Runs in a pod beside the jobs, so that it reaches Kafka as an application of the cluster does. Prints one line of JSON.
 * kafkajs, because records must be right for strangers too.
 */
const kafka = new kafkajs.Kafka({
  clientId: 'driver',
  brokers: [process.env.BOOTSTRAP ?? 'kafka:9092'],
  logLevel: kafkajs.logLevel.ERROR,
})

const BATCH = 5000
const QUIET_MS = 20_000

interface Consumed {
  readonly key: string | undefined
  readonly value: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

const commands: Readonly<Record<string, (...args: string[]) => Promise<unknown>>> = {
  /** Payments number `first` to `first + count`, keyed by card, over `seconds`. */
  async produce(first = '0', count = '0', seconds = '0') {
    const producer = kafka.producer({ allowAutoTopicCreation: false })
    await producer.connect()
    const payments = paymentsFrom(Number(first), Number(count))
    const pauseMs = (Number(seconds) * 1000 * BATCH) / payments.length
    for (let i = 0; i < payments.length; i += BATCH) {
      const messages = payments
        .slice(i, i + BATCH)
        .map((payment) => ({ key: payment.card, value: JSON.stringify(payment) }))
      await producer.send({ topic: 'payments', messages, acks: -1 })
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    await producer.disconnect()
    return { produced: payments.length }
  },

  async poison(value = '') {
    const producer = kafka.producer()
    await producer.connect()
    const messages = [{ key: 'card-poison', value, headers: { trace: 'abc' } }]
    const [sent] = await producer.send({ topic: 'payments', messages })
    await producer.disconnect()
    return { partition: sent?.partition, offset: sent?.baseOffset }
  },

  async read(topic = '', atLeast = '1') {
    return read(topic, (records) => records.length >= Number(atLeast))
  },

  /** Whether the alerts of payments 0 to `count` are there, each once and per card in order. */
  async verifyExactly(count = '0') {
    const expected = expectedAlerts(paymentsFrom(0, Number(count)))
    const wanted = sizeOf(expected)
    const alerts = byCard(await read('fraud-alerts', (records) => records.length >= wanted))
    const wrong = [...expected].filter(
      ([card, list]) => JSON.stringify(alerts.get(card)) !== JSON.stringify(list),
    )
    const [first] = wrong
    return {
      wanted,
      seen: sizeOf(alerts),
      wrongCards: wrong.length,
      ...(first === undefined ? {} : { card: first[0], got: alerts.get(first[0])?.slice(0, 5) }),
    }
  },

  /** After a crash at-least-once may count twice, but never too little, and no large payment may be missing. */
  async verifyNothingLost(count = '0') {
    const payments = paymentsFrom(0, Number(count))
    const wanted = new Set(payments.filter(({ amount }) => amount > 500).map(({ id }) => id))
    const missing = new Set(wanted)
    await read('large-payments', (records) => {
      for (const { value } of records.splice(0))
        missing.delete((JSON.parse(value ?? '') as { id: number }).id)
      return missing.size === 0
    })
    const expected = expectedAlerts(payments)
    const short = new Set(expected.keys())
    await read('fraud-alerts', (records) => {
      for (const { key, value } of records.splice(0)) {
        const alert = JSON.parse(value ?? '') as Alert
        const last = expected.get(key ?? '')?.at(-1)
        if (last !== undefined && alert.payments >= last.payments) short.delete(key ?? '')
      }
      return short.size === 0
    })
    return { wanted: wanted.size, missing: missing.size, cards: expected.size, short: short.size }
  },

  async topics() {
    const admin = kafka.admin()
    await admin.connect()
    const topics = await admin.listTopics()
    await admin.disconnect()
    return topics.filter((name) => !name.startsWith('__')).sort()
  },
}

/** Reads a topic from its start until `enough`, or until nothing has come for a while. */
async function read(topic: string, enough: (records: Consumed[]) => boolean): Promise<Consumed[]> {
  const consumer = kafka.consumer({ groupId: `driver-${process.pid}-${Date.now()}` })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const records: Consumed[] = []
  await new Promise<void>((resolve, reject) => {
    let quiet = setTimeout(resolve, QUIET_MS)
    const eachBatch = async ({ batch }: { batch: { messages: kafkajs.KafkaMessage[] } }) => {
      clearTimeout(quiet)
      for (const message of batch.messages) records.push(consumed(message))
      if (enough(records)) resolve()
      quiet = setTimeout(resolve, QUIET_MS)
    }
    consumer.run({ eachBatch }).catch(reject)
  })
  // Not disconnect(): it waits for a fetch that nobody needs. The process ends with the answer.
  return records
}

const consumed = ({ key, value, headers = {} }: kafkajs.KafkaMessage): Consumed => ({
  key: key?.toString(),
  value: value?.toString(),
  headers: Object.fromEntries(
    Object.entries(headers).map(([name, header]) => [name, String(header)]),
  ),
})

function byCard(records: readonly Consumed[]): Map<string, Alert[]> {
  const cards = new Map<string, Alert[]>()
  for (const { key = '', value = '' } of records) {
    const list = cards.get(key) ?? []
    list.push(JSON.parse(value) as Alert)
    cards.set(key, list)
  }
  return cards
}

const sizeOf = (lists: ReadonlyMap<string, readonly unknown[]>): number =>
  [...lists.values()].reduce((sum, list) => sum + list.length, 0)

const [name = '', ...args] = process.argv.slice(2)
const answer = await commands[name]?.(...args)
process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(0))
