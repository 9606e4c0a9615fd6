import { createTopicsV5 } from '@platformatic/kafka'
import { type Clock, sleep } from '../platform/clock.ts'
import type {
  BrokerAdmin,
  ListedOffset,
  NewTopic,
  PartitionOffset,
  TopicDescription,
  TopicPartition,
} from './broker.ts'
import type { BrokerError } from './errors.ts'
import { callForParts } from './kafka-call.ts'
import { deleteRecords } from './kafka-delete-records.ts'
import { errorName } from './kafka-error-name.ts'
import type { KafkaDenials } from './kafka-denials.ts'
import { isConfiguration, isTransient, refused } from './kafka-errors.ts'
import { type Cluster, listOffsets } from './kafka-list-offsets.ts'

export interface KafkaAdminOptions extends Cluster {
  readonly clock: Clock
  readonly denials: KafkaDenials
}

const TOPIC_TIMEOUT_MS = 30_000
const RETRY_MS = 500
/** For so long a cluster may elect and restart. After it the caller is to say that there is no Kafka. */
const PATIENCE_MS = 60_000
/** By which denials know what was denied. */
const QUESTION = 'a question'

/**
 * Questions that are asked once, repeated while the cluster is out of sorts. About topics, those who start ask: they are told when
 * that lasts, and at once when their credentials are refused. About offsets, those who run ask: they wait, however long it lasts.
 */
export class KafkaAdmin implements BrokerAdmin {
  readonly #options: KafkaAdminOptions

  constructor(options: KafkaAdminOptions) {
    this.#options = options
  }

  async describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
    if (names.length === 0) return new Map()
    const found = await this.#retrying(() => this.#options.metadata.refresh(names))
    return new Map(
      found.map(({ name, partitions }) => [
        name ?? '',
        { name: name ?? '', partitions: partitions.length },
      ]),
    )
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    if (topics.length > 0) await this.#retrying(() => this.#create(topics))
  }

  listOffsets(
    partitions: readonly TopicPartition[],
    at: ListedOffset,
  ): Promise<readonly PartitionOffset[]> {
    return this.#retrying(() => listOffsets(this.#options, partitions, at), whoRuns)
  }

  async deleteRecords(before: readonly PartitionOffset[]): Promise<void> {
    if (before.length > 0) await this.#retrying(() => deleteRecords(this.#options, before))
  }

  async #create(topics: readonly NewTopic[]): Promise<void> {
    const { connections, metadata } = this.#options
    const connection = await connections.to(await metadata.controller())
    const response = await callForParts(
      connection,
      { api: createTopicsV5.api, what: 'create topics', timeoutMs: 2 * TOPIC_TIMEOUT_MS },
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
      const code = errorName(errorCode)
      if (code === 'NONE' || code === 'TOPIC_ALREADY_EXISTS') continue
      throw refused(code, `create topic ${name}: ${errorMessage ?? ''}`)
    }
  }

  async #retrying<T>(attempt: () => Promise<T>, isWorthIt: Patience = whoStarts): Promise<T> {
    const { clock, connections, denials } = this.#options
    const begun = clock.monotonic()
    let knownAt = begun
    for (;;) {
      try {
        const answer = await attempt()
        denials.granted(QUESTION)
        return answer
      } catch (error) {
        const { code } = error as BrokerError
        const now = clock.monotonic()
        // A broker that has just started does not know of every topic yet.
        const isEarly = code === 'UNKNOWN_TOPIC_OR_PARTITION'
        if (!isEarly) knownAt = now
        const goesOn = isEarly ? now - knownAt < PATIENCE_MS : isWorthIt(code, now - begun)
        if (!goesOn || connections.closing.aborted) throw error
        denials.note(QUESTION, error as BrokerError)
        await sleep(clock, RETRY_MS, connections.closing)
      }
    }
  }
}

/** Whether to ask again after an error, when asking has taken so long. */
type Patience = (code: string, ms: number) => boolean

const whoStarts: Patience = (code, ms) =>
  isTransient(code) && !isConfiguration(code) && ms < PATIENCE_MS

const whoRuns: Patience = (code) => isTransient(code)
