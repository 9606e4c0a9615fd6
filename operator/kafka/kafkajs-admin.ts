import kafkajs, { type Admin, type KafkaJSProtocolError as ProtocolError } from 'kafkajs'
import type { KafkaAccess } from './access.ts'
import {
  type KafkaAdmin,
  type KafkaGroup,
  KafkaRefused,
  type KafkaTopic,
  KafkaUnavailable,
  type NewKafkaTopic,
  TopicExists,
} from './kafka-admin.ts'
import { authenticationFault, certificateFault, unreachableBecause } from './kafka-refusal.ts'
import { securityOptions } from './kafkajs-security.ts'

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
  readonly #access: KafkaAccess
  #client: Client
  #closed = false

  /** Throws `KafkaUnavailable` when certificates cannot be used. */
  constructor(access: KafkaAccess) {
    const fault = certificateFault(access)
    if (fault !== undefined) throw new KafkaUnavailable('AuthenticationFailed', fault)
    this.#access = access
    this.#client = newClient(access)
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

  /** Lets those who wait have their answers. Who asks later is answered too, but no connection is kept. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#leaveIfUnneeded(this.#client)
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
    if (this.#client === client) this.#client = newClient(this.#access)
    void this.#leaveIfUnneeded(client)
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
      void this.#leaveIfUnneeded(client)
    }
  }

  /** Once nobody waits for its answer any more. */
  async #leaveIfUnneeded(client: Client): Promise<void> {
    const needed = client === this.#client && !this.#closed
    if (needed || client.inFlight > 0) return
    client.connected = undefined
    await client.admin.disconnect().catch(() => undefined)
  }

  #ours(error: Error): Error {
    const options = { cause: error }
    const where = `Kafka at ${this.#access.kafka.bootstrapServers.join(',')}`
    const fault = authenticationFault(error, this.#access)
    if (fault !== undefined)
      return new KafkaUnavailable('AuthenticationFailed', `${where}: ${fault}`, options)
    const protocol = protocolError(error)
    if (protocol === undefined || TRANSIENT.has(protocol.type))
      return new KafkaUnavailable(
        'Unreachable',
        `${where}: ${unreachableBecause(error, this.#access)}`,
        options,
      )
    const { type, message } = protocol
    if (type.endsWith('_AUTHORIZATION_FAILED'))
      return new KafkaUnavailable('NotAuthorized', `${where}: ${type}: ${message}`, options)
    if (type === 'TOPIC_ALREADY_EXISTS') return new TopicExists(message, options)
    return new KafkaRefused(`${type}: ${message}`, options)
  }
}

const newClient = (access: KafkaAccess): Client => ({
  admin: new Kafka({
    clientId: 'millrace-operator',
    brokers: access.kafka.bootstrapServers,
    ...securityOptions(access),
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: REQUEST_TIMEOUT_MS,
    // Brokers refuse to be asked twice within a second, as the default of 10 s does in sessions shorter than that.
    reauthenticationThreshold: 1000,
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
