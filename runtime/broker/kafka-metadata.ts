import { metadataV10 } from '@platformatic/kafka'
import type { TopicPartition } from './broker.ts'
import { BrokerError } from './errors.ts'
import { callForParts } from './kafka-call.ts'
import type { KafkaConnections } from './kafka-connections.ts'
import { errorName } from './kafka-error-name.ts'
import { isDenied, refused } from './kafka-errors.ts'
import type { Node } from './kafka-peer.ts'
import { partitionKey } from './partition-key.ts'
import type { KafkaSocket } from './kafka-socket.ts'

type TopicMetadata = Awaited<ReturnType<typeof metadataV10.api.async>>['topics'][number]

interface Leader {
  readonly id: number
  readonly epoch: number
  readonly topicId: string
}

/** Who leads which partition, as last heard. A client that is told NOT_LEADER refreshes and tries again. */
export class KafkaMetadata {
  readonly #connections: KafkaConnections
  #nodes: ReadonlyMap<number, Node> = new Map()
  readonly #leaders = new Map<string, Leader>()
  readonly #missing = new Set<string>()
  #controller: number | undefined

  constructor(connections: KafkaConnections) {
    this.#connections = connections
  }

  /** Asks for these topics and returns those that exist. Never creates one. Throws when one may not be looked at. */
  async refresh(topics: readonly string[]): Promise<TopicMetadata[]> {
    const response = await callForParts(
      await this.anyBroker(),
      { api: metadataV10.api, what: 'read metadata' },
      [...topics],
      false,
    )
    this.#nodes = new Map(
      response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]),
    )
    this.#controller = response.controllerId
    for (const topic of response.topics) this.#learn(topic)
    const denied = response.topics.find(({ errorCode }) => isDenied(errorName(errorCode)))
    if (denied !== undefined)
      throw refused(errorName(denied.errorCode), `read metadata of topic ${denied.name ?? ''}`)
    return response.topics.filter((topic) => topic.errorCode === 0)
  }

  /** For what any broker can answer: the bootstrap servers may be gone by now, others known. */
  anyBroker(): Promise<KafkaSocket> {
    return this.#connections.any([...this.#nodes.values()])
  }

  /** undefined while unknown, while an election is under way, and when the topic is gone. */
  leader(partition: TopicPartition): number | undefined {
    if (this.#missing.has(partition.topic)) return undefined
    const leader = this.#leaders.get(partitionKey(partition))?.id
    return leader === undefined || leader < 0 ? undefined : leader
  }

  /** By it a broker tells a client that knows an older leader, or a newer one, than itself. */
  leaderEpoch(partition: TopicPartition): number {
    return this.#leaders.get(partitionKey(partition))?.epoch ?? -1
  }

  /** A topic that is deleted and created anew keeps its name and gets another id. */
  topicId(partition: TopicPartition): string | undefined {
    return this.#leaders.get(partitionKey(partition))?.topicId
  }

  /** True when the last answer about this topic was that it does not exist. */
  isMissing(topic: string): boolean {
    return this.#missing.has(topic)
  }

  node(id: number): Node {
    const node = this.#nodes.get(id)
    if (node === undefined) throw new BrokerError('UNREACHABLE', `broker ${id} is not known`)
    return node
  }

  async controller(): Promise<Node> {
    await this.refresh([])
    return this.node(this.#controller ?? -1)
  }

  #learn({ name, errorCode, topicId, partitions }: TopicMetadata): void {
    const topic = name ?? ''
    if (errorName(errorCode) === 'UNKNOWN_TOPIC_OR_PARTITION') this.#missing.add(topic)
    if (errorCode !== 0) return
    this.#missing.delete(topic)
    for (const { partitionIndex, leaderId, leaderEpoch } of partitions) {
      const key = partitionKey({ topic, partition: partitionIndex })
      const known = this.#leaders.get(key)
      // A broker that lags may still tell of an earlier leader.
      if (known?.topicId === topicId && known.epoch > leaderEpoch) continue
      this.#leaders.set(key, { id: leaderId, epoch: leaderEpoch, topicId })
    }
  }
}
