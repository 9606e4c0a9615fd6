import { z } from 'zod'

/** The contract between the operator, which renders this as JSON, and the runtime, which parses it at start. */

const format = z.enum(['Json', 'String', 'Bytes', 'Int', 'Long', 'Double', 'UUID'])

const generator = z.strictObject({
  recordsPerSecond: z.number().min(1).max(10_000),
  /** Expressions over `n` (0, 1, 2, …), `now` (ms) and the functions `random` and `oneOf`. */
  key: z.string().optional(),
  value: z.record(z.string(), z.string()),
})

const input = z.strictObject({
  name: z.string(),
  topic: z.string(),
  format: format.default('Json'),
  keyFormat: format.default('String'),
  /** Where a group without a committed offset starts. */
  startFrom: z.enum(['Earliest', 'Latest']).default('Earliest'),
  /** With steps; a TypeScript job says so itself. */
  as: z.enum(['Stream', 'Table', 'GlobalTable']).default('Stream'),
  /** Of a table: how far back in event time it knows what was, such as `1h`. Unset: it knows what is. */
  history: z.string().optional(),
  /** An expression: milliseconds or ISO-8601 text. Unset: the timestamp of the record. */
  eventTime: z.string().optional(),
  /** As `1d`: a record further ahead of stream time and of the clock is a bad one. */
  maxTimeAdvance: z.string().optional(),
  generator: generator.optional(),
})

const output = z.strictObject({
  /** Given exactly when the job has steps. */
  from: z.string().optional(),
  /** Exactly one of `topic` and `topicFrom` is given; `topicFrom`, an expression, chooses one of `topics`. */
  topic: z.string().optional(),
  topicFrom: z.string().optional(),
  topics: z.array(z.string()).optional(),
  format: format.default('Json'),
  keyFormat: format.default('String'),
  /** Keys are written with the window of their records. */
  windowedKey: z.boolean().default(false),
})

/** Exactly one of `tumbling`, `hopping`, `sliding` and `session`; durations such as `1m`. */
const window = z.strictObject({
  tumbling: z.string().optional(),
  hopping: z.string().optional(),
  /** Given with `hopping`: how long after one window the next begins. */
  every: z.string().optional(),
  sliding: z.string().optional(),
  session: z.string().optional(),
  grace: z.string().optional(),
  emit: z.enum(['OnUpdate', 'OnCommit', 'OnClose']).optional(),
})

/** Exactly one of `stream` and `table`; durations such as `10m`. */
const join = z.strictObject({
  stream: z.string().optional(),
  table: z.string().optional(),
  /** Keys to join by, expressions over the step's own records and over those of `stream`. Unset: the key. */
  by: z.string().optional(),
  otherBy: z.string().optional(),
  /** The field that holds what was met. */
  as: z.string(),
  type: z.enum(['Inner', 'Left', 'Outer']).default('Inner'),
  within: z.string().optional(),
  before: z.string().optional(),
  after: z.string().optional(),
  grace: z.string().optional(),
})

/** Within one step the order is the one of the fields below; groupBy with aggregate ends a step. */
const step = z.strictObject({
  name: z.string(),
  /** Exactly one of `from` and `merge` is given. */
  from: z.string().optional(),
  merge: z.array(z.string()).min(2).optional(),
  filter: z.string().optional(),
  filterNot: z.string().optional(),
  flatMap: z.string().optional(),
  map: z.record(z.string(), z.string()).optional(),
  project: z
    .strictObject({
      keep: z.array(z.string()).optional(),
      drop: z.array(z.string()).optional(),
      rename: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  keyBy: z.string().optional(),
  repartition: z.strictObject({ partitions: z.int().min(1).optional() }).optional(),
  join: join.optional(),
  deduplicate: z.strictObject({ by: z.string().optional(), within: z.string() }).optional(),
  burst: z
    .strictObject({
      atLeast: z.int().min(2),
      within: z.string(),
      as: z.string().default('count'),
    })
    .optional(),
  /** In order; a last one without `when` takes the others. Later steps say `from: <step>.<branch>`. */
  branches: z
    .array(z.strictObject({ name: z.string(), when: z.string().optional() }))
    .min(1)
    .optional(),
  groupBy: z.string().optional(),
  window: window.optional(),
  aggregate: z.record(z.string(), z.string()).optional(),
  /** Of an aggregate without a window, which has an `emit` of its own. */
  emit: z.enum(['OnUpdate', 'OnCommit']).optional(),
  /** Unset: a step over a table gives a table, all others and every aggregate a stream. */
  as: z.enum(['Stream', 'Table']).optional(),
})

const compression = z.enum(['None', 'Gzip', 'Snappy', 'Lz4', 'Zstd'])

/** Files are mounted secrets: their contents never pass through this configuration, and may change while the job runs. */
const tls = z
  .strictObject({
    caFile: z.string().optional(),
    certFile: z.string().optional(),
    keyFile: z.string().optional(),
    serverName: z.string().optional(),
  })
  .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
    error: 'a client certificate needs both certFile and keyFile',
  })

const sasl = z.discriminatedUnion('mechanism', [
  z
    .strictObject({
      mechanism: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
      username: z.string().optional(),
      usernameFile: z.string().optional(),
      passwordFile: z.string(),
    })
    .refine((login) => (login.username === undefined) !== (login.usernameFile === undefined), {
      error: 'a login needs exactly one of username and usernameFile',
    }),
  z.strictObject({ mechanism: z.literal('OAUTHBEARER'), tokenFile: z.string() }),
])

const kafka = z.strictObject({
  bootstrapServers: z.array(z.string()).min(1),
  tls: tls.optional(),
  sasl: sasl.optional(),
})

export const runtimeConfigSchema = z.strictObject({
  job: z.strictObject({ namespace: z.string(), name: z.string() }),
  applicationId: z.string(),
  kafka,
  inputs: z.array(input).min(1),
  /** Exactly one of `steps` and `code` is given. */
  steps: z.array(step).optional(),
  code: z.strictObject({ path: z.string() }).optional(),
  outputs: z.array(output).default([]),
  time: z
    .strictObject({
      /** How long inputs must have been drained before stream time goes on by the clock. Unset: it waits for records. */
      idleAfterMs: z.int().min(1).optional(),
    })
    .default({}),
  /** Each is a member of the group with tasks and sockets of its own. */
  threads: z.int().min(1).max(64).default(1),
  onError: z.enum(['Fail', 'Skip', 'DeadLetter']).default('Fail'),
  deadLetterTopic: z.string().optional(),
  onDataLoss: z.enum(['Fail', 'Continue']).default('Fail'),
  internalTopics: z.strictObject({ replicationFactor: z.int().min(1).optional() }).default({}),
  /** Of every batch that the job writes, into its internal topics as well. */
  compression: compression.default('None'),
  /** Whether what a record made of outputs, state and offsets takes effect at least once, or exactly once. */
  guarantee: z.enum(['AtLeastOnce', 'ExactlyOnce']).default('AtLeastOnce'),
  /** Unset: `commitIntervalMs` says which. */
  commitIntervalMs: z.int().min(10).optional(),
  sessionTimeoutMs: z.int().min(6000).default(45_000),
  /** A directory for snapshots of state, which outlives the process if it can. Unset: restarts read whole changelogs. */
  stateDir: z.string().optional(),
  /** How long after one snapshot of a store the next one may be begun. */
  snapshotIntervalMs: z.int().min(1000).default(30_000),
  /** What state may take of memory, shared among threads; values beyond go to files in `stateDir`. Unset: all is in memory. */
  stateMemoryBytes: z.int().min(1).optional(),
  state: z
    .strictObject({
      /** As num.standby.replicas, acceptable.recovery.lag and max.warmup.replicas of Kafka Streams. */
      standbyReplicas: z.int().min(0).default(0),
      acceptableRecoveryLag: z.int().min(0).default(10_000),
      maxWarmupReplicas: z.int().min(1).default(2),
    })
    .prefault({}),
  /** How often what is processed is removed from repartition topics, as Kafka Streams' repartition.purge.interval.ms. */
  repartitionPurgeMs: z.int().min(1000).default(30_000),
  /** How old the job's view of brokers and topics may be, as metadata.max.age.ms. */
  metadataMaxAgeMs: z.int().min(1000).default(300_000),
})

export type RuntimeConfig = z.output<typeof runtimeConfigSchema>
export type RuntimeConfigInput = z.input<typeof runtimeConfigSchema>

const COMMIT_INTERVAL_MS = { AtLeastOnce: 1000, ExactlyOnce: 100 } as const

/** Under ExactlyOnce others see records once they are committed: the interval is a part of the latency. */
export const commitIntervalMs = (
  config: Pick<RuntimeConfig, 'guarantee' | 'commitIntervalMs'>,
): number => config.commitIntervalMs ?? COMMIT_INTERVAL_MS[config.guarantee]

export type InputConfig = RuntimeConfig['inputs'][number]
export type OutputConfig = RuntimeConfig['outputs'][number]
export type StepConfig = z.output<typeof step>
export type WindowConfig = z.output<typeof window>
export type JoinConfig = z.output<typeof join>
export type GeneratorConfig = z.output<typeof generator>
export type RecordFormat = z.output<typeof format>

/** What a runtime says of itself: `GET /status` of a pod, read by the operator and by dev mode's page. */
export interface RuntimeStatus {
  readonly job: { readonly namespace: string; readonly name: string }
  readonly state: RuntimeState
  readonly tasks: readonly TaskStatus[]
  /** Topics that the job has made for itself, or is about to. */
  readonly internalTopics: readonly string[]
  readonly counts: RuntimeCounts
  /** The latest ranges of records that were gone before they were read; `counts.lost` has all. */
  readonly losses: readonly Loss[]
  /** For how many milliseconds brokers have told this instance to be quiet, since it started. */
  readonly throttledMs: { readonly fetch: number; readonly produce: number }
  readonly snapshots: SnapshotReport
  /** Store → bytes it takes, of those that count them. */
  readonly stateBytes: Readonly<Record<string, { readonly memory: number; readonly disk: number }>>
  /** Copies of the state of tasks that run elsewhere. */
  readonly standbys: readonly StandbyStatus[]
  /** Entries of state that tasks have started with, since the instance did, by where they came from. */
  readonly restored: { readonly snapshot: number; readonly changelog: number }
  /** Records that entered each node of the topology, by the user's names. */
  readonly nodes: Readonly<Record<string, number>>
  /** Records that a node left out, by node and reason: too late for a window, without a key to group by. */
  readonly dropped: Dropped
  /** Records that each async node has taken in and not handed on. */
  readonly inFlight: Readonly<Record<string, number>>
  readonly lastError?: { readonly reason: string; readonly message: string; readonly at: string }
}

/** Node → reason → records. */
export type Dropped = Readonly<Record<string, Readonly<Record<string, number>>>>

/** The part of it that workers have done. */
export type WorkReport = Pick<
  RuntimeStatus,
  | 'tasks'
  | 'counts'
  | 'inFlight'
  | 'losses'
  | 'throttledMs'
  | 'snapshots'
  | 'restored'
  | 'standbys'
  | 'stateBytes'
>

/** Snapshots of state since the instance started. */
export interface SnapshotReport {
  readonly written: number
  readonly failed: number
}

export type RuntimeState = 'Starting' | 'Joining' | 'Restoring' | 'Running' | 'Stopping' | 'Failed'

export interface TaskStatus {
  /** `<sub-topology>_<partition>` as in Kafka Streams. */
  readonly id: string
  readonly state: 'Restoring' | 'Running'
  readonly partitions: readonly {
    readonly topic: string
    readonly partition: number
    readonly position: number
    readonly highWatermark: number
  }[]
  readonly restoreRemaining: number
}

export interface StandbyStatus {
  /** Of the task. */
  readonly id: string
  /** Changelog records that it has not read yet; not known while it begins. */
  readonly lag?: number
}

export interface RuntimeCounts {
  readonly consumed: number
  readonly produced: number
  readonly skipped: number
  readonly deadLettered: number
  /** Offsets of records that were gone before they were read. */
  readonly lost: number
}

/** Offsets, both included. */
export interface Loss {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly to: number
}
