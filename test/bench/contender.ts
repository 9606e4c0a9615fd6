import type { Compression } from '../../runtime/broker/compression.ts'
import type { BenchTopology, RunTopics } from './topology.ts'
import type { Worker } from './worker.ts'

/** What one side is told to run. */
export interface RunSpec {
  readonly topology: BenchTopology
  readonly topics: RunTopics
  readonly applicationId: string
  readonly bootstrapServers: readonly string[]
  readonly codec: Compression
  readonly threads: number
  readonly guarantee: Guarantee
  readonly store: Store
  readonly commitIntervalMs: number
  /** How long a producer that knows the setting waits for a batch to fill. */
  readonly lingerMs: number
  /** For files of the run. */
  readonly dir: string
  /** What an instance has to come back to its state with. Unset: Millrace keeps nothing on disk, and no bound of memory. */
  readonly pod?: PodSpec
}

export interface PodSpec {
  readonly stateDir: string
  readonly memoryBytes: number
}

export const guarantees = ['AtLeastOnce', 'ExactlyOnce'] as const
export type Guarantee = (typeof guarantees)[number]

/** Where Kafka Streams keeps the state of a job; `none` where the job has none. */
export type Store = 'none' | KeptStore
export const stores = ['rocksdb', 'memory'] as const
export type KeptStore = (typeof stores)[number]

export type Side = 'millrace' | 'kafkaStreams'

export interface Contender {
  readonly side: Side
  readonly title: string
  start(spec: RunSpec): Worker
  /** The topic where a job of two stages hands records from one to the other. */
  throughTopic(spec: Pick<RunSpec, 'topics' | 'applicationId'>): string
}

/** The same on both sides; Kafka Streams' own default without transactions is 30 s, Millrace's this. */
export const COMMIT_INTERVAL_MS = 1000

/** The two sides, in the order in which a round runs them: turns, so that neither always comes first. */
export const turn = (contenders: readonly Contender[], round: number): readonly Contender[] =>
  round % 2 === 0 ? contenders : contenders.toReversed()
