import type { EmbeddedBroker, EmbeddedTopic } from '../../runtime/broker/embedded-broker.ts'
import { partitionKey } from '../../runtime/broker/partition-key.ts'
import {
  type KafkaAdmin,
  type KafkaGroup,
  type KafkaTopic,
  type NewKafkaTopic,
  TopicExists,
} from './kafka-admin.ts'

const DEFAULT_PARTITIONS = 1

/** The admin port on the embedded broker, for dev mode. */
export class EmbeddedAdmin implements KafkaAdmin {
  readonly #broker: EmbeddedBroker

  constructor(broker: EmbeddedBroker) {
    this.#broker = broker
  }

  async describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, KafkaTopic>> {
    return new Map(
      names.flatMap((name) => {
        const topic = this.#broker.topics.get(name)
        return topic === undefined ? [] : [[name, describe(topic)] as const]
      }),
    )
  }

  async listTopics(prefix: string): Promise<readonly string[]> {
    return [...this.#broker.topics.keys()].filter((name) => name.startsWith(prefix))
  }

  async createTopic({ name, partitions, config }: NewKafkaTopic): Promise<void> {
    if (this.#broker.topics.has(name)) throw new TopicExists(`topic ${name} exists already`)
    this.#broker.createTopic({ name, partitions: partitions ?? DEFAULT_PARTITIONS, config })
  }

  async growTopic(name: string, partitions: number): Promise<void> {
    this.#broker.growTopic(name, partitions)
  }

  async setTopicConfig(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    const topic = this.#broker.topics.get(name)
    if (topic !== undefined) topic.config = { ...topic.config, ...config }
  }

  async deleteTopic(name: string): Promise<void> {
    this.#broker.topics.delete(name)
  }

  async describeGroup(groupId: string): Promise<KafkaGroup | undefined> {
    const group = this.#broker.groups.get(groupId)
    return group === undefined ? undefined : { state: group.state, members: group.memberCount }
  }

  async deleteGroup(groupId: string): Promise<void> {
    this.#broker.groups.delete(groupId)
  }

  async lag(groupId: string, topics: readonly string[]): Promise<number> {
    const committed = this.#broker.groups.get(groupId)?.committed
    const lags = topics.flatMap((topic) =>
      (this.#broker.topics.get(topic)?.logs ?? []).map((log, partition) => {
        const at = committed?.get(partitionKey({ topic, partition }))?.offset ?? 0
        return log.endOffset - Math.max(at, log.startOffset)
      }),
    )
    return lags.reduce((sum, lag) => sum + lag, 0)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

const describe = ({ name, logs, config }: EmbeddedTopic): KafkaTopic => ({
  name,
  partitions: logs.length,
  replicationFactor: 1,
  config,
})
