import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Admin } from 'kafkajs'
import type { Fetcher, TopicPartition } from '../../runtime/broker/broker.ts'
import type { BrokerError } from '../../runtime/broker/errors.ts'
import { KafkaBroker } from '../../runtime/broker/kafka-broker.ts'
import { read } from '../support/seen-records.ts'
import { connectedAdmin } from '../kafka/admin.ts'
import { type RunningKafka, startKafka } from '../kafka/kafka.ts'
import { eventually } from '../support/eventually.ts'
import type { TcpProxy } from '../support/tcp-proxy.ts'

export const MAX_REQUEST_BYTES = 3_000_000

interface Closable {
  close(): Promise<void>
}

/** One real broker behind a relay that loses and cuts as tests tell it, with a client that goes through it. */
export class FaultyBroker {
  readonly kafka: RunningKafka
  readonly proxy: TcpProxy
  readonly broker: KafkaBroker
  readonly admin: Admin
  readonly #opened: Closable[] = []

  static async start(): Promise<FaultyBroker> {
    const properties = [`socket.request.max.bytes=${MAX_REQUEST_BYTES}`]
    const kafka = await startKafka({ proxied: true, properties })
    return new FaultyBroker(kafka, await connectedAdmin(kafka.bootstrapServers))
  }

  private constructor(kafka: RunningKafka, admin: Admin) {
    const { bootstrapServers } = kafka
    this.kafka = kafka
    this.proxy = kafka.brokers[0]?.proxy as TcpProxy
    this.broker = new KafkaBroker({ bootstrapServers, clientId: 'faults' })
    this.admin = admin
  }

  /** Closes it at the end of the test. */
  track<T extends Closable>(client: T): T {
    this.#opened.push(client)
    return client
  }

  async newTopic(config: Readonly<Record<string, string>> = {}): Promise<TopicPartition> {
    const topic = `t-${randomUUID()}`
    const { admin } = this.broker
    await admin.createTopics([{ name: topic, partitions: 1, config }])
    await eventually(async () =>
      expect((await admin.describeTopics([topic])).has(topic)).to.equal(true),
    )
    return { topic, partition: 0 }
  }

  readerOf(at: TopicPartition, offset = 0): Fetcher {
    const reader = this.track(this.broker.fetcher({ maxBytes: 1 << 20 }))
    reader.assign({ ...at, offset })
    return reader
  }

  async expectOnceInOrder(at: TopicPartition, count: number): Promise<void> {
    const seen = await read(this.readerOf(at), count)
    expect(seen.map(({ value }) => value)).to.deep.equal(numbers(count))
    const [end] = await this.broker.admin.listOffsets([at], 'latest')
    expect(end?.offset).to.equal(count)
  }

  /** As it was before the test. */
  async heal(): Promise<void> {
    this.proxy.traffic = 'pass'
    this.proxy.intercept = undefined
    await Promise.all(this.#opened.splice(0).map((client) => client.close()))
  }

  async stop(): Promise<void> {
    await this.admin.disconnect()
    await this.broker.close()
    await this.kafka.stop()
  }
}

export const numbers = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${index}`)

export const failureOf = (work: Promise<unknown>): Promise<BrokerError | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => error as BrokerError,
  )
