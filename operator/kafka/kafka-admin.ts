import type { KafkaSpec, ReasonOf } from '../../crds/index.ts'

/** What the operator asks of one Kafka cluster. By kafkajs for real clusters, by the embedded broker in dev mode. */
export interface KafkaAdmin {
  /** Missing topics are absent from the result. */
  describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, KafkaTopic>>
  /** Topic names that start with `prefix`. */
  listTopics(prefix: string): Promise<readonly string[]>
  createTopic(topic: NewKafkaTopic): Promise<void>
  growTopic(name: string, partitions: number): Promise<void>
  /** Sets these keys and leaves the others as they are. */
  setTopicConfig(name: string, config: Readonly<Record<string, string>>): Promise<void>
  /** A topic that is gone already is no error. */
  deleteTopic(name: string): Promise<void>
  /** undefined when the group does not exist. */
  describeGroup(groupId: string): Promise<KafkaGroup | undefined>
  deleteGroup(groupId: string): Promise<void>
  /** Sum over the partitions of `topics` of log end minus committed offset; log start counts where nothing is committed. */
  lag(groupId: string, topics: readonly string[]): Promise<number>
  close(): Promise<void>
}

export interface KafkaTopic {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  /** Keys set on the topic itself, not inherited defaults. */
  readonly config: Readonly<Record<string, string>>
}

export interface NewKafkaTopic {
  readonly name: string
  /** Unset: the broker's default. */
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly config: Readonly<Record<string, string>>
}

export interface KafkaGroup {
  /** Kafka's words: Empty, PreparingRebalance, CompletingRebalance, Stable, Dead. */
  readonly state: string
  readonly members: number
}

/** An object whose spec says how a cluster is reached; its Secrets are those of its namespace. */
export interface NamesKafka {
  readonly metadata: { readonly namespace?: string }
  readonly spec: { readonly kafka: KafkaSpec }
}

/** The admin of the cluster that an object names, shared by all that name it alike. Throws `KafkaUnavailable`. */
export type KafkaAdminFor = (object: NamesKafka) => Promise<KafkaAdmin>

/** Why Kafka cannot be asked, in the words of the condition `KafkaReachable`. */
export type KafkaTrouble = Exclude<ReasonOf<'KafkaReachable'>, 'Connected'>

/** Kafka cannot be asked now; that may change without the object. The message names the address, or the Secret. */
export class KafkaUnavailable extends Error {
  override readonly name = 'KafkaUnavailable'
  readonly reason: KafkaTrouble

  constructor(reason: KafkaTrouble, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

export interface Unreachable {
  readonly reachable: false
  readonly reason: KafkaTrouble
  readonly message: string
}

/** What a failure to ask Kafka says about the world. Throws whatever else went wrong. */
export function unreachable(error: unknown): Unreachable {
  if (!(error instanceof KafkaUnavailable)) throw error
  return { reachable: false, reason: error.reason, message: error.message }
}

/** Kafka refused the request for a reason that retrying will not change, such as an invalid topic config. */
export class KafkaRefused extends Error {
  override readonly name = 'KafkaRefused'
}

/** Somebody created the topic first. */
export class TopicExists extends Error {
  override readonly name = 'TopicExists'
}
