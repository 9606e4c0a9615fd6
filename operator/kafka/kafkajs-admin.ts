import kafkajs, { type Admin, type KafkaJSProtocolError as ProtocolError } from 'kafkajs'
import {
  type KafkaAdmin,
  type KafkaGroup,
  KafkaRefused,
  type KafkaTopic,
  KafkaUnavailable,
  type NewKafkaTopic,
  TopicExists,
} from './kafka-admin.ts'

/** A CommonJS package whose names Node cannot see from outside. */
const { ConfigResourceTypes, Kafka, KafkaJSProtocolError, logLevel } = kafkajs

const REQUEST_TIMEOUT_MS = 5000
const BROKER_DEFAULT = -1
/** DescribeConfigs: where a value comes from. */
const DYNAMIC_TOPIC_CONFIG = 1

const TRANSIENT = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_CONTROLLER',
  'REQUEST_TIMED_OUT',
  'NOT_LEADER_FOR_PARTITION',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_LOAD_IN_PROGRESS',
])

interface Client {
  readonly admin: Admin
  connected: Promise<void> | undefined
  inFlight: number
}

/**
 * Administration by kafkajs: one connection for each cluster, opened when first needed. A client of kafkajs asks for every
 * topic that it was ever asked about whenever it refreshes its metadata, and fails for good once one of them is deleted:
 * then a new one takes its place.
 */
export class KafkajsAdmin implements KafkaAdmin {
  readonly #servers: readonly string[]
  #client: Client

  constructor(bootstrapServers: readonly string[]) {
    this.#servers = bootstrapServers
    this.#client = newClient(bootstrapServers)
  }

  async describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, KafkaTopic>> {
    const existing = new Set(await this.#ask((admin) => admin.listTopics()))
    const wanted = names.filter((name) => existing.has(name))
    if (wanted.length === 0) return new Map()
    const { topics } = await this.#ask((admin) => admin.fetchTopicMetadata({ topics: wanted }))
    const configs = await this.#configs(wanted)
    return new Map(
      topics.map(({ name, partitions }) => [
        name,
        {
          name,
          partitions: partitions.length,
          replicationFactor: partitions[0]?.replicas.length ?? 0,
          config: configs.get(name) ?? {},
        },
      ]),
    )
  }

  async listTopics(prefix: string): Promise<readonly string[]> {
    return (await this.#ask((admin) => admin.listTopics())).filter((name) =>
      name.startsWith(prefix),
    )
  }

  async createTopic({ name, partitions, replicationFactor, config }: NewKafkaTopic): Promise<void> {
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }))
    const created = await this.#ask((admin) =>
      admin.createTopics({
        topics: [
          {
            topic: name,
            numPartitions: partitions ?? BROKER_DEFAULT,
            replicationFactor: replicationFactor ?? BROKER_DEFAULT,
            configEntries,
          },
        ],
        timeout: REQUEST_TIMEOUT_MS,
      }),
    )
    if (!created) throw new TopicExists(`topic ${name} exists already`)
  }

  async growTopic(name: string, partitions: number): Promise<void> {
    const topicPartitions = [{ topic: name, count: partitions }]
    await this.#ask((admin) =>
      admin.createPartitions({ topicPartitions, timeout: REQUEST_TIMEOUT_MS }),
    )
  }

  /** AlterConfigs replaces all keys of a topic, so what is there is written again with what is new. */
  async setTopicConfig(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    const present = (await this.#configs([name])).get(name) ?? {}
    const configEntries = Object.entries({ ...present, ...config }).map(([key, value]) => ({
      name: key,
      value,
    }))
    await this.#ask((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name, configEntries }],
      }),
    )
  }

  async deleteTopic(name: string): Promise<void> {
    const existing = await this.listTopics(name)
    if (!existing.includes(name)) return
    await this.#ask((admin) => admin.deleteTopics({ topics: [name], timeout: REQUEST_TIMEOUT_MS }))
  }

  async describeGroup(groupId: string): Promise<KafkaGroup | undefined> {
    const { groups } = await this.#ask((admin) => admin.describeGroups([groupId]))
    const [group] = groups
    if (group === undefined || group.state === 'Dead') return undefined
    return { state: group.state, members: group.members.length }
  }

  async deleteGroup(groupId: string): Promise<void> {
    if ((await this.describeGroup(groupId)) === undefined) return
    await this.#ask((admin) => admin.deleteGroups([groupId]))
  }

  async lag(groupId: string, topics: readonly string[]): Promise<number> {
    const committed = await this.#ask((admin) =>
      admin.fetchOffsets({ groupId, topics: [...topics] }),
    )
    const lags = await Promise.all(
      topics.map(async (topic) => {
        const ends = await this.#ask((admin) => admin.fetchTopicOffsets(topic))
        const offsets = committed.find((entry) => entry.topic === topic)?.partitions ?? []
        return ends.map(({ partition, high, low }) => {
          const at = Number(offsets.find((entry) => entry.partition === partition)?.offset ?? -1)
          return Math.max(0, Number(high) - Math.max(at, Number(low)))
        })
      }),
    )
    return lags.flat().reduce((sum, lag) => sum + lag, 0)
  }

  async close(): Promise<void> {
    await this.#client.admin.disconnect()
  }

  async #configs(
    names: readonly string[],
  ): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
    const { resources } = await this.#ask((admin) =>
      admin.describeConfigs({
        includeSynonyms: false,
        resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
      }),
    )
    return new Map(
      resources.map(({ resourceName, configEntries }) => [
        resourceName,
        Object.fromEntries(
          configEntries
            .filter((entry) => Number(entry.configSource) === DYNAMIC_TOPIC_CONFIG)
            .map(({ configName, configValue }) => [configName, configValue]),
        ),
      ]),
    )
  }

  async #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const client = this.#client
    try {
      return await this.#attempt(client, question)
    } catch (error) {
      if (protocolError(error)?.type !== 'UNKNOWN_TOPIC_OR_PARTITION')
        throw this.#ours(error as Error)
    }
    if (this.#client === client) this.#client = newClient(this.#servers)
    this.#leaveIfReplaced(client)
    try {
      return await this.#attempt(this.#client, question)
    } catch (error) {
      throw this.#ours(error as Error)
    }
  }

  async #attempt<T>(client: Client, question: (admin: Admin) => Promise<T>): Promise<T> {
    client.inFlight++
    try {
      client.connected ??= client.admin.connect()
      await client.connected
      return await question(client.admin)
    } catch (error) {
      client.connected = undefined
      throw error
    } finally {
      client.inFlight--
      this.#leaveIfReplaced(client)
    }
  }

  /** Once nobody waits for its answer any more. */
  #leaveIfReplaced(client: Client): void {
    if (client === this.#client || client.inFlight > 0) return
    client.admin.disconnect().catch(() => undefined)
  }

  #ours(error: Error): Error {
    const protocol = protocolError(error)
    if (protocol === undefined || TRANSIENT.has(protocol.type)) {
      return new KafkaUnavailable(`Kafka at ${this.#servers.join(',')}: ${error.message}`, {
        cause: error,
      })
    }
    if (protocol.type === 'TOPIC_ALREADY_EXISTS')
      return new TopicExists(protocol.message, { cause: error })
    return new KafkaRefused(`${protocol.type}: ${protocol.message}`, { cause: error })
  }
}

const newClient = (bootstrapServers: readonly string[]): Client => ({
  admin: new Kafka({
    clientId: 'millrace-operator',
    brokers: [...bootstrapServers],
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: REQUEST_TIMEOUT_MS,
    logLevel: logLevel.NOTHING,
    // Repeating is the work queue's business, which knows what else there is to do.
    retry: { retries: 1, initialRetryTime: 100, maxRetryTime: 500 },
  }).admin(),
  connected: undefined,
  inFlight: 0,
})

/** kafkajs wraps what the broker said in errors of its own, one or more deep. */
function protocolError(error: unknown): ProtocolError | undefined {
  if (error instanceof KafkaJSProtocolError) return error
  const { errors, cause } = error as { errors?: unknown[]; cause?: unknown }
  if (Array.isArray(errors) && errors.length > 0) return protocolError(errors[0])
  return cause === undefined || cause === null ? undefined : protocolError(cause)
}
