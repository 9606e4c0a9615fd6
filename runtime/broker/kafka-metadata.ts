import { metadataV8 } from '@platformatic/kafka'
import type { TopicPartition } from './broker.ts'
import { BrokerError } from './errors.ts'
import { callForParts } from './kafka-call.ts'
import type { KafkaConnections, Node } from './kafka-connections.ts'
import { partitionKey } from './partition-key.ts'

type TopicMetadata = Awaited<ReturnType<typeof metadataV8.api.async>>['topics'][number]

/** Who leads which partition, as last heard. A client that is told NOT_LEADER refreshes and tries again. */
export class KafkaMetadata {
  readonly #connections: KafkaConnections
  readonly #nodes = new Map<number, Node>()
  readonly #leaders = new Map<string, number>()
  #controller: number | undefined

  constructor(connections: KafkaConnections) {
    this.#connections = connections
  }

  /** Asks for these topics and returns those that exist. Never creates one. */
  async refresh(topics: readonly string[]): Promise<TopicMetadata[]> {
    const response = await callForParts(
      await this.#connections.any(),
      metadataV8.api,
      'read metadata',
      [...topics],
      false,
    )
    for (const { nodeId, host, port } of response.brokers) this.#nodes.set(nodeId, { host, port })
    this.#controller = response.controllerId
    const found = response.topics.filter((topic) => topic.errorCode === 0)
    for (const { name, partitions } of found) {
      for (const { partitionIndex, leaderId } of partitions) {
        this.#leaders.set(partitionKey({ topic: name ?? '', partition: partitionIndex }), leaderId)
      }
    }
    return found
  }

  /** undefined while unknown or while an election is under way. */
  leader(partition: TopicPartition): number | undefined {
    const leader = this.#leaders.get(partitionKey(partition))
    return leader === undefined || leader < 0 ? undefined : leader
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
}
