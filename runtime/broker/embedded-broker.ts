import { type Clock, systemClock } from '../platform/clock.ts'
import type { Broker, BrokerAdmin, ListedOffset, NewTopic, TopicPartition } from './broker.ts'
import { EmbeddedFetcher, EmbeddedMember, EmbeddedProducer } from './embedded-clients.ts'
import { EmbeddedGroup } from './embedded-group.ts'
import { EmbeddedLog } from './embedded-log.ts'
import {
  EmbeddedTransactionalProducer,
  type TransactionalLogs,
} from './embedded-transactional-producer.ts'
import { EmbeddedTransactions } from './embedded-transactions.ts'
import { BrokerError } from './errors.ts'

/** A topic as the embedded broker keeps it. */
export interface EmbeddedTopic {
  readonly name: string
  readonly logs: EmbeddedLog[]
  config: Readonly<Record<string, string>>
}

/**
 * A Kafka in memory, for dev mode and tests: topics of raw batches, groups with committed offsets. Everything is gone
 * when the process ends. Each `connect()` is one client; they share topics and groups.
 */
export class EmbeddedBroker implements TransactionalLogs {
  readonly topics = new Map<string, EmbeddedTopic>()
  readonly groups = new Map<string, EmbeddedGroup>()
  readonly transactions: EmbeddedTransactions
  readonly #clock: Clock
  readonly #listeners = new Set<() => void>()

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
    this.transactions = new EmbeddedTransactions(clock, () => this.#announce())
  }

  connect(): Broker {
    return {
      admin: this.#admin(),
      producer: () => new EmbeddedProducer(this),
      transactionalProducer: (options) => new EmbeddedTransactionalProducer(this, options),
      fetcher: (options) => new EmbeddedFetcher(this, this.#clock, options),
      groupMember: (options) => new EmbeddedMember(this.group(options.groupId), options),
      denial: undefined,
      close: () => Promise.resolve(),
    }
  }

  /** Does nothing when the topic exists. */
  createTopic({ name, partitions, config }: NewTopic): void {
    if (this.topics.has(name)) return
    const logs = Array.from({ length: partitions }, () => new EmbeddedLog())
    this.topics.set(name, { name, logs, config: config ?? {} })
  }

  growTopic(name: string, partitions: number): void {
    const topic = this.topics.get(name)
    while (topic !== undefined && topic.logs.length < partitions) topic.logs.push(new EmbeddedLog())
  }

  log({ topic, partition }: TopicPartition): EmbeddedLog | undefined {
    return this.topics.get(topic)?.logs[partition]
  }

  append(to: TopicPartition, batch: Buffer): number {
    const log = this.log(to)
    if (log === undefined) {
      throw new BrokerError(
        'UNKNOWN_TOPIC_OR_PARTITION',
        `cannot write to ${to.topic}-${to.partition}: no such partition`,
      )
    }
    log.append(batch)
    this.#announce()
    return log.endOffset
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  group(groupId: string): EmbeddedGroup {
    const known = this.groups.get(groupId)
    if (known !== undefined) return known
    const group = new EmbeddedGroup(this.#clock, (names) => this.#partitionCounts(names))
    this.groups.set(groupId, group)
    return group
  }

  #announce(): void {
    for (const listener of this.#listeners) listener()
  }

  #partitionCounts(names: readonly string[]): ReadonlyMap<string, number> {
    return new Map(
      names.flatMap((name) => {
        const topic = this.topics.get(name)
        return topic === undefined ? [] : [[name, topic.logs.length] as const]
      }),
    )
  }

  #admin(): BrokerAdmin {
    return {
      describeTopics: async (names) =>
        new Map(
          [...this.#partitionCounts(names)].map(([name, partitions]) => [
            name,
            { name, partitions },
          ]),
        ),
      createTopics: async (topics) => topics.forEach((topic) => this.createTopic(topic)),
      listOffsets: async (partitions, where) =>
        partitions.map((partition) => {
          const log = this.log(partition)
          if (log === undefined) {
            throw new BrokerError(
              'UNKNOWN_TOPIC_OR_PARTITION',
              `${partition.topic}-${partition.partition} does not exist`,
            )
          }
          return { ...partition, offset: offsetOf[where](log) }
        }),
      deleteRecords: async (before) =>
        before.forEach((at) => this.log(at)?.deleteBefore(at.offset)),
    }
  }
}

const offsetOf: Readonly<Record<ListedOffset, (log: EmbeddedLog) => number>> = {
  earliest: ({ startOffset }) => startOffset,
  latest: ({ lastStableOffset }) => lastStableOffset,
  highWatermark: ({ endOffset }) => endOffset,
}
