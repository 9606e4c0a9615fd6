import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type {
  Fetcher,
  FetcherOptions,
  GroupMember,
  GroupMemberOptions,
  Producer,
} from '../../runtime/broker/broker.ts'
import { KafkaBroker } from '../../runtime/broker/kafka-broker.ts'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { type RuntimeConfigInput, runtimeConfigSchema } from '../../runtime/config.ts'
import { type Instance, startInstance } from '../../runtime/instance.ts'
import { systemClock } from '../../runtime/platform/clock.ts'
import { silentLogger } from '../../runtime/platform/silent-logger.ts'
import { recordsOf, type SeenRecord } from '../support/seen-records.ts'
import type { RunningKafka } from '../kafka/kafka.ts'
import { eventually } from '../support/eventually.ts'

const PARTITIONS = 6
const FEED_EVERY_MS = 20
const RECORDS_A_TIME = 2 * PARTITIONS
const MAX_PENDING_BYTES = 1 << 20
const SESSION_MS = 6000
const SETTLE_MS = 90_000

export interface Outcome {
  readonly records: number
  /** Records that came out more than once: at-least-once allows them. */
  readonly duplicates: number
}

/** How far the job has come in a partition of its input. */
export interface Position {
  readonly partition: number
  readonly committed: number
  readonly end: number
}

/**
 * A stateless job between two topics with an id oracle: what a steady feed wrote to the input, each id once, is to come out
 * completely and in order for each key.
 */
export class JobUnderFaults {
  readonly clientId = `job-${randomUUID()}`
  readonly input: string
  readonly output: string
  readonly #kafka: Pick<RunningKafka, 'bootstrapServers'>
  readonly #broker: KafkaBroker
  readonly #jobBrokers: KafkaBroker[] = []
  readonly #instances: Instance[] = []
  readonly #feed: Producer
  /** Never joins: it asks what the others have committed. */
  readonly #group: GroupMember
  readonly #readers: Fetcher[] = []
  #timer: NodeJS.Timeout | undefined
  #nextId = 0

  constructor(kafka: Pick<RunningKafka, 'bootstrapServers'>) {
    this.#kafka = kafka
    this.#broker = this.#connect('oracle')
    this.#feed = this.#broker.producer()
    this.input = `in-${this.clientId}`
    this.output = `out-${this.clientId}`
    this.#group = this.#broker.groupMember(this.#membership)
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
      sessionTimeoutMs: SESSION_MS,
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

  /** Writes to the input from now on until `settle`, two records to each partition at a time, whatever happens to the brokers. */
  feed(everyMs = FEED_EVERY_MS): void {
    this.#timer = setInterval(() => {
      if (this.#feed.pendingBytes > MAX_PENDING_BYTES) return
      for (let count = 0; count < RECORDS_A_TIME; count++) this.#writeNext()
    }, everyMs)
  }

  /** Keys go by turns. */
  #writeNext(): void {
    const id = this.#nextId++
    this.write(`{"id":${id}}`, id % PARTITIONS)
  }

  /** Each key has a partition of its own. */
  write(value: string, partition = 0): void {
    const builder = new RecordBatchBuilder()
    builder.append(Date.now(), Buffer.from(`k${partition}`), Buffer.from(value))
    this.#feed.send({ topic: this.input, partition }, builder.build())
  }

  flush(): Promise<void> {
    return this.#feed.flush()
  }

  /** Commits an offset of partition 0 for the job's group, as if the input had had this id then. */
  async commitAs(topicId: string, offset: number): Promise<void> {
    const member = this.#broker.groupMember(this.#membership)
    await member.join()
    await member.commit([{ topic: this.input, partition: 0, offset, topicId }])
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

  async positions(): Promise<readonly Position[]> {
    const partitions = partitionsOf(this.input)
    const ends = await this.#broker.admin.listOffsets(partitions, 'latest')
    const committed = await this.#group.committed(partitions)
    return ends.map(({ partition, offset }) => ({
      partition,
      committed: committed.find((one) => one.partition === partition)?.offset ?? 0,
      end: offset,
    }))
  }

  /** Throws while something of the input is not committed, or a transaction is open in one of these topics. */
  async expectAtRest(...topics: readonly string[]): Promise<void> {
    const places = topics.flatMap((topic) => partitionsOf(topic))
    const readable = await this.#broker.admin.listOffsets(places, 'latest')
    const written = await this.#broker.admin.listOffsets(places, 'highWatermark')
    if (!isDeepStrictEqual(readable, written)) throw new Error('a transaction is open')
    const behind = (await this.positions()).filter(({ committed, end }) => committed !== end)
    if (behind.length > 0) throw new Error(`not committed: ${JSON.stringify(behind)}`)
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
        // To judge takes as long as there are records: once, when all are there.
        if (seen.records.length < expected.records.length)
          throw new Error(await this.#missing(expected.records.length, seen.records.length))
        return judge(expected.records, seen.records)
      },
      { timeoutMs: SETTLE_MS, everyMs: 20 },
    )
  }

  async #missing(expected: number, seen: number): Promise<string> {
    const positions = JSON.stringify(await this.positions())
    return `the output holds ${seen} of ${expected} records; of the input, ${positions}`
  }

  /** `poll` adds to the records what has come since, by connections of its own. */
  readAll(topic: string, partitions = 1, options?: FetcherOptions) {
    return this.#collect(topic, partitions, options)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#instances.map((instance) => instance.stop()))
    await this.#group.close({ leave: false })
    const clients = [...this.#readers, this.#feed, ...this.#jobBrokers, this.#broker]
    await Promise.all(clients.map((client) => client.close()))
  }

  get #membership(): GroupMemberOptions {
    const at = { topic: this.input, partition: 0 }
    return {
      groupId: this.clientId,
      topics: [this.input],
      assign: (members) => new Map(members.map(({ memberId }) => [memberId, { partitions: [at] }])),
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: SESSION_MS,
    }
  }

  #connect(clientId: string, metadataMaxAgeMs?: number): KafkaBroker {
    const { bootstrapServers } = this.#kafka
    const age = metadataMaxAgeMs === undefined ? {} : { metadataMaxAgeMs }
    return new KafkaBroker({ bootstrapServers, clientId, ...age })
  }

  #collect(topic: string, partitions = PARTITIONS, options = { maxBytes: 1 << 20 }) {
    const reader = this.#broker.fetcher(options)
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
