import { randomUUID } from 'node:crypto'
import type { Fetcher, Producer } from '../../runtime/broker/broker.ts'
import { KafkaBroker } from '../../runtime/broker/kafka-broker.ts'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { type RuntimeConfigInput, runtimeConfigSchema } from '../../runtime/config.ts'
import { type Instance, startInstance } from '../../runtime/instance.ts'
import { systemClock } from '../../runtime/platform/clock.ts'
import { silentLogger } from '../../runtime/platform/logger.ts'
import { recordsOf, type SeenRecord } from '../contract/broker.ts'
import type { RunningKafka } from '../kafka/kafka.ts'
import { eventually } from '../support/eventually.ts'

const PARTITIONS = 6
const FEED_EVERY_MS = 20
const RECORDS_A_TIME = 12
const MAX_PENDING_BYTES = 1 << 20
const SETTLE_MS = 90_000

export interface Outcome {
  readonly records: number
  /** Records that came out more than once: at-least-once allows them. */
  readonly duplicates: number
}

/**
 * A stateless job between two topics with an id oracle: what a steady feed wrote to the input, each id once, is to come out
 * completely and in order for each key.
 */
export class JobUnderFaults {
  readonly clientId = `job-${randomUUID()}`
  readonly input: string
  readonly output: string
  readonly #kafka: RunningKafka
  readonly #broker: KafkaBroker
  readonly #jobBrokers: KafkaBroker[] = []
  readonly #instances: Instance[] = []
  readonly #feed: Producer
  readonly #readers: Fetcher[] = []
  #timer: NodeJS.Timeout | undefined
  #nextId = 0

  constructor(kafka: RunningKafka) {
    this.#kafka = kafka
    this.#broker = this.#connect('oracle')
    this.#feed = this.#broker.producer()
    this.input = `in-${this.clientId}`
    this.output = `out-${this.clientId}`
  }

  async createTopics(...others: readonly string[]): Promise<void> {
    await this.#broker.admin.createTopics(
      [this.input, this.output, ...others].map((name) => ({ name, partitions: PARTITIONS })),
    )
  }

  config(spec: Partial<RuntimeConfigInput> = {}): RuntimeConfigInput {
    return {
      job: { namespace: 'test', name: 'job' },
      applicationId: this.clientId,
      kafka: { bootstrapServers: [...this.#kafka.bootstrapServers] },
      inputs: [{ name: 'in', topic: this.input }],
      steps: [{ name: 'all', from: 'in', filter: 'value.id >= 0' }],
      outputs: [{ from: 'all', topic: this.output }],
      commitIntervalMs: 200,
      sessionTimeoutMs: 6000,
      ...spec,
    }
  }

  start(spec: Partial<RuntimeConfigInput> = {}): Instance {
    const broker = this.#connect(this.clientId, spec.metadataMaxAgeMs)
    const instance = startInstance({
      config: runtimeConfigSchema.parse(this.config(spec)),
      broker,
      instanceId: `${this.clientId}-${this.#instances.length}`,
      clock: systemClock,
      random: Math.random,
      log: silentLogger,
      loadTopology: () => Promise.reject(new Error('no TypeScript job here')),
    })
    this.#jobBrokers.push(broker)
    this.#instances.push(instance)
    return instance
  }

  /** Writes to the input from now on until `settle`, whatever happens to the brokers. */
  feed(): void {
    this.#timer = setInterval(() => {
      if (this.#feed.pendingBytes > MAX_PENDING_BYTES) return
      for (let count = 0; count < RECORDS_A_TIME; count++) this.write(`{"id":${this.#nextId++}}`)
    }, FEED_EVERY_MS)
  }

  /** Keys go by turns, each to a partition of its own. */
  write(value: string, partition = this.#nextId % PARTITIONS): void {
    const builder = new RecordBatchBuilder()
    builder.append(Date.now(), Buffer.from(`k${partition}`), Buffer.from(value))
    this.#feed.send({ topic: this.input, partition }, builder.build())
  }

  flush(): Promise<void> {
    return this.#feed.flush()
  }

  /** Commits an offset of partition 0 for the job's group, as if the input had had this id then. */
  async commitAs(topicId: string, offset: number): Promise<void> {
    const at = { topic: this.input, partition: 0 }
    const member = this.#broker.groupMember({
      groupId: this.clientId,
      topics: [this.input],
      assign: (members) => new Map(members.map(({ memberId }) => [memberId, { partitions: [at] }])),
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 6000,
    })
    await member.join()
    await member.commit([{ ...at, offset, topicId }])
    await member.close({ leave: true })
  }

  /** How many records have come out so far. */
  async produced(): Promise<number> {
    const ends = await this.#broker.admin.listOffsets(partitionsOf(this.output), 'latest')
    return ends.reduce((sum, { offset }) => sum + offset, 0)
  }

  /** Waits until more comes out than before. */
  async progress(): Promise<void> {
    const before = await this.produced()
    await eventually(
      async () => {
        if ((await this.produced()) <= before) throw new Error('the job makes no progress')
      },
      { timeoutMs: SETTLE_MS, everyMs: 200 },
    )
  }

  /** Ends the feed and throws unless everything comes out, in order. */
  async settle(): Promise<Outcome> {
    clearInterval(this.#timer)
    await this.#feed.flush()
    const [expected, seen] = [this.#collect(this.input), this.#collect(this.output)]
    return eventually(
      async () => {
        await Promise.all([expected.poll(), seen.poll()])
        if (expected.records.length < this.#nextId)
          throw new Error(`the input holds ${expected.records.length} of ${this.#nextId} records`)
        return judge(expected.records, seen.records)
      },
      { timeoutMs: SETTLE_MS, everyMs: 20 },
    )
  }

  readAll(topic: string, partitions = 1) {
    return this.#collect(topic, partitions)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#instances.map((instance) => instance.stop()))
    const clients = [...this.#readers, this.#feed, ...this.#jobBrokers, this.#broker]
    await Promise.all(clients.map((client) => client.close()))
  }

  #connect(clientId: string, metadataMaxAgeMs?: number): KafkaBroker {
    const { bootstrapServers } = this.#kafka
    const age = metadataMaxAgeMs === undefined ? {} : { metadataMaxAgeMs }
    return new KafkaBroker({ bootstrapServers, clientId, ...age })
  }

  #collect(topic: string, partitions = PARTITIONS) {
    const reader = this.#broker.fetcher({ maxBytes: 1 << 20 })
    this.#readers.push(reader)
    for (const at of partitionsOf(topic, partitions)) reader.assign({ ...at, offset: 0 })
    const records: SeenRecord[] = []
    const poll = async () => {
      for (const fetched of await reader.poll(200)) records.push(...recordsOf(fetched))
    }
    return { records, poll }
  }
}

const partitionsOf = (topic: string, count = PARTITIONS) =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition }))

function judge(expected: readonly SeenRecord[], seen: readonly SeenRecord[]): Outcome {
  const wanted = idsByKey(expected)
  const came = idsByKey(seen)
  let duplicates = 0
  for (const [key, ids] of wanted) {
    const all = came.get(key) ?? []
    const first = [...new Set(all)]
    duplicates += all.length - first.length
    const wrong = ids.findIndex((id, index) => first[index] !== id)
    if (wrong >= 0)
      throw new Error(`key ${key}: after ${wrong} records came ${first[wrong]}, not ${ids[wrong]}`)
  }
  return { records: expected.length, duplicates }
}

function idsByKey(records: readonly SeenRecord[]): ReadonlyMap<string, readonly number[]> {
  const byKey = Map.groupBy(records, ({ key }) => key ?? '')
  return new Map(
    [...byKey].map(([key, list]) => [
      key,
      list.map(({ value }) => (JSON.parse(value ?? '') as { id: number }).id),
    ]),
  )
}
