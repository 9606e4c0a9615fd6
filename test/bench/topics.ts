import type { Admin } from 'kafkajs'
import type { TopicPartition } from '../../runtime/broker/broker.ts'
import { BrokerError } from '../../runtime/broker/errors.ts'
import { KafkaBroker } from '../../runtime/broker/kafka-broker.ts'
import { connectedAdmin } from '../kafka/admin.ts'
import { eventually } from '../support/eventually.ts'

/** Of every topic here. */
export const PARTITIONS = 4

/** What is not kept goes by whole segments. */
const SEGMENT_BYTES = 64 * 1024 ** 2

/** Makes and removes the topics of runs, and asks how far they have grown. */
export class BenchTopics {
  readonly #admin: Admin
  readonly #broker: KafkaBroker

  private constructor(admin: Admin, bootstrapServers: readonly string[]) {
    this.#admin = admin
    this.#broker = new KafkaBroker({ bootstrapServers, clientId: 'bench-topics' })
  }

  static async open(bootstrapServers: readonly string[]): Promise<BenchTopics> {
    return new BenchTopics(await connectedAdmin(bootstrapServers), bootstrapServers)
  }

  async create(names: readonly string[], retainBytes = -1): Promise<void> {
    await this.#admin.createTopics({
      topics: names.map((topic) => ({
        topic,
        numPartitions: PARTITIONS,
        replicationFactor: 1,
        configEntries: [
          { name: 'retention.ms', value: '-1' },
          { name: 'retention.bytes', value: String(retainBytes) },
          { name: 'segment.bytes', value: String(SEGMENT_BYTES) },
          // What a run wrote is deleted after it; the next run needs the room.
          { name: 'file.delete.delay.ms', value: '1000' },
        ],
      })),
      waitForLeaders: true,
    })
  }

  /** Those whose name begins so, with what the jobs made for themselves. */
  async deletePrefixed(prefix: string): Promise<void> {
    const all = await this.#admin.listTopics()
    const topics = all.filter((name) => name.startsWith(prefix))
    if (topics.length > 0) await this.#admin.deleteTopics({ topics })
    await eventually(async () => {
      const left = await this.#admin.listTopics()
      if (left.some((name) => name.startsWith(prefix))) throw new Error(`${prefix} is still there`)
    })
  }

  /** Records in all partitions of the topics, as a consumer sees them; none in a topic that does not exist yet. */
  async records(names: readonly string[]): Promise<number> {
    try {
      const ends = await this.#broker.admin.listOffsets(names.flatMap(partitionsOf), 'latest')
      return ends.reduce((sum, { offset }) => sum + offset, 0)
    } catch (error) {
      if (error instanceof BrokerError && error.code === 'UNKNOWN_TOPIC_OR_PARTITION') return 0
      throw error
    }
  }

  /** By partition, where the topic ends, whether or not a transaction is open there. */
  async ends(topic: string): Promise<ReadonlyMap<number, number>> {
    const ends = await this.#broker.admin.listOffsets(partitionsOf(topic), 'highWatermark')
    return new Map(ends.map(({ partition, offset }) => [partition, offset]))
  }

  /** Records of a topic that a group has committed, in all partitions. */
  async committed(groupId: string, topic: string): Promise<number> {
    const [found] = await this.#admin.fetchOffsets({ groupId, topics: [topic] })
    const offsets = found?.partitions.map(({ offset }) => Number(offset)) ?? []
    // Where nothing is committed the offset is -1.
    return offsets.reduce((sum, offset) => sum + Math.max(offset, 0), 0)
  }

  async close(): Promise<void> {
    await this.#admin.disconnect()
    await this.#broker.close()
  }
}

const partitionsOf = (topic: string): readonly TopicPartition[] =>
  Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }))
