import { createTopicsV5, listOffsetsV5 } from '@platformatic/kafka'
import { type Clock, systemClock } from '../platform/clock.ts'
import type { Broker, BrokerAdmin, NewTopic, PartitionOffset, TopicPartition } from './broker.ts'
import { BrokerError } from './errors.ts'
import { call, callForParts } from './kafka-call.ts'
import { KafkaConnections } from './kafka-connections.ts'
import { errorName, KafkaFetcher } from './kafka-fetcher.ts'
import { KafkaGroupMember } from './kafka-group-member.ts'
import { KafkaMetadata } from './kafka-metadata.ts'
import { KafkaProducer } from './kafka-producer.ts'

export interface KafkaBrokerOptions {
  readonly bootstrapServers: readonly string[]
  readonly clientId: string
  readonly clock?: Clock
}

const REQUEST_TIMEOUT_MS = 35_000
const TOPIC_TIMEOUT_MS = 30_000
/** A join waits for the slowest member. */
const JOIN_MARGIN_MS = 10_000
const REPLICA_CONSUMER = -1
const READ_COMMITTED = 1
const TIMESTAMP = { earliest: -2n, latest: -1n } as const

/** A real Kafka, spoken to on the wire. */
export class KafkaBroker implements Broker {
  readonly admin: BrokerAdmin
  readonly #options: KafkaBrokerOptions
  readonly #clock: Clock
  readonly #connections: KafkaConnections
  readonly #metadata: KafkaMetadata

  constructor(options: KafkaBrokerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#connections = this.#newConnections(REQUEST_TIMEOUT_MS)
    this.#metadata = new KafkaMetadata(this.#connections)
    this.admin = {
      describeTopics: (names) => this.#describeTopics(names),
      createTopics: (topics) => this.#createTopics(topics),
      listOffsets: (partitions, at) => this.#listOffsets(partitions, at),
    }
  }

  producer(): KafkaProducer {
    const connections = this.#newConnections(REQUEST_TIMEOUT_MS)
    return new KafkaProducer(connections, new KafkaMetadata(connections), this.#clock)
  }

  fetcher(options: Parameters<Broker['fetcher']>[0]): KafkaFetcher {
    const connections = this.#newConnections(REQUEST_TIMEOUT_MS)
    return new KafkaFetcher(connections, new KafkaMetadata(connections), this.#clock, options)
  }

  groupMember(options: Parameters<Broker['groupMember']>[0]): KafkaGroupMember {
    const connections = this.#newConnections(options.rebalanceTimeoutMs + JOIN_MARGIN_MS)
    return new KafkaGroupMember(connections, new KafkaMetadata(connections), this.#clock, options)
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  #newConnections(requestTimeoutMs: number): KafkaConnections {
    const { bootstrapServers, clientId } = this.#options
    return new KafkaConnections({ bootstrapServers, clientId, requestTimeoutMs })
  }

  async #describeTopics(names: readonly string[]) {
    const found = names.length === 0 ? [] : await this.#metadata.refresh(names)
    return new Map(
      found.map(({ name, partitions }) => [
        name ?? '',
        { name: name ?? '', partitions: partitions.length },
      ]),
    )
  }

  async #createTopics(topics: readonly NewTopic[]): Promise<void> {
    if (topics.length === 0) return
    const connection = await this.#connections.to(await this.#metadata.controller())
    const response = await callForParts(
      connection,
      createTopicsV5.api,
      'create topics',
      topics.map(({ name, partitions, replicationFactor, config }) => ({
        name,
        numPartitions: partitions,
        replicationFactor: replicationFactor ?? -1,
        assignments: [],
        configs: Object.entries(config ?? {}).map(([key, value]) => ({ name: key, value })),
      })),
      TOPIC_TIMEOUT_MS,
      false,
    )
    for (const { name, errorCode, errorMessage } of response.topics) {
      const code = errorCode === 0 ? 'NONE' : errorName(errorCode)
      if (code === 'NONE' || code === 'TOPIC_ALREADY_EXISTS') continue
      throw new BrokerError(code, `create topic ${name}: ${code}: ${errorMessage ?? ''}`)
    }
  }

  async #listOffsets(
    partitions: readonly TopicPartition[],
    at: keyof typeof TIMESTAMP,
  ): Promise<PartitionOffset[]> {
    await this.#metadata.refresh([...new Set(partitions.map(({ topic }) => topic))])
    const byLeader = Map.groupBy(partitions, (partition) => this.#leader(partition))
    const answers = await Promise.all(
      [...byLeader].map(([leader, list]) => this.#listOffsetsOf(leader, list, TIMESTAMP[at])),
    )
    return answers.flat()
  }

  async #listOffsetsOf(leader: number, partitions: readonly TopicPartition[], timestamp: bigint) {
    const connection = await this.#connections.to(this.#metadata.node(leader))
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, list]) => ({
      name,
      partitions: list.map(({ partition }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: -1,
        timestamp,
      })),
    }))
    const response = await call(
      connection,
      listOffsetsV5.api,
      'list offsets',
      REPLICA_CONSUMER,
      READ_COMMITTED,
      topics,
    )
    return response.topics.flatMap(({ name, partitions: list }) =>
      list.map(({ partitionIndex, offset }) => ({
        topic: name,
        partition: partitionIndex,
        offset: Number(offset),
      })),
    )
  }

  #leader(partition: TopicPartition): number {
    const leader = this.#metadata.leader(partition)
    if (leader !== undefined) return leader
    throw new BrokerError(
      'UNKNOWN_TOPIC_OR_PARTITION',
      `${partition.topic}-${partition.partition} does not exist or has no leader now`,
    )
  }
}
