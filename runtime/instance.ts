import type { Broker } from './broker/broker.ts'
import type { RuntimeConfig, RuntimeState, RuntimeStatus } from './config.ts'
import { InvalidJob } from './errors.ts'
import { lint } from './lint.ts'
import { type Clock, sleep } from './platform/clock.ts'
import { hint } from './platform/did-you-mean.ts'
import type { Logger } from './platform/logger.ts'
import { type Tally } from './tasks/task.ts'
import { Worker } from './tasks/worker.ts'
import { topologyFromSteps } from './topology/from-steps.ts'
import {
  deadLetterTopicOf,
  type InternalTopic,
  internalTopicsOf,
  taskCountsOf,
} from './topology/internal-topics.ts'
import { describeTopology } from './topology/describe.ts'
import { type SubTopology, subTopologiesOf } from './topology/sub-topologies.ts'
import { sinkTopicsOf, sourcesOf, type Topology } from './topology/topology.ts'

export interface InstanceOptions {
  readonly config: RuntimeConfig
  readonly broker: Broker
  /** Stays the same when the instance comes back, such as the pod's name. */
  readonly instanceId: string
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  /** Loads the topology of a TypeScript job. */
  readonly loadTopology: (config: RuntimeConfig) => Promise<Topology>
}

export interface Instance {
  status(): RuntimeStatus
  /** True once its tasks are restored and running, as long as the loop comes round. */
  ready(): boolean
  /** Ends when the instance has stopped; rejects with what stopped it if that was not `stop`. */
  readonly ended: Promise<void>
  stop(): Promise<void>
  /** Dies without a word, as a killed process does. For crash tests. */
  abandon(): Promise<void>
}

const TOPIC_RETRY_MS = 1000
const STALLED_MS = 60_000

/** Starts a job in this process: one worker, a member of the job's group. */
export function startInstance(options: InstanceOptions): Instance {
  const run = new Run(options)
  const ended = run.run()
  ended.catch(() => undefined)
  return {
    status: () => run.status(),
    ready: () => run.ready(),
    ended,
    stop: async () => {
      run.stop()
      await ended.catch(() => undefined)
    },
    abandon: () => run.abandon(),
  }
}

class Run {
  readonly #options: InstanceOptions
  readonly #tally: Tally = { consumed: 0, skipped: 0, deadLettered: 0, nodes: {} }
  readonly #stopped = new AbortController()
  #state: RuntimeState = 'Starting'
  #worker: Worker | undefined
  #internalTopics: readonly InternalTopic[] = []
  #lastError: RuntimeStatus['lastError']

  constructor(options: InstanceOptions) {
    this.#options = options
  }

  async run(): Promise<void> {
    try {
      const worker = await this.#prepare()
      if (worker === undefined) return
      this.#worker = worker
      await worker.run()
      this.#state = 'Stopping'
    } catch (error) {
      this.#fail(error as Error)
      throw error
    }
  }

  stop(): void {
    this.#state = 'Stopping'
    this.#stopped.abort()
    this.#worker?.stop()
  }

  async abandon(): Promise<void> {
    this.#stopped.abort()
    await this.#worker?.abandon()
  }

  ready(): boolean {
    return this.#state === 'Running' && (this.#worker?.idleMs ?? Infinity) < STALLED_MS
  }

  status(): RuntimeStatus {
    const { job } = this.#options.config
    const { consumed, skipped, deadLettered, nodes } = this.#tally
    return {
      job,
      state: this.#state,
      tasks: this.#worker?.tasks.map((task) => task.status()) ?? [],
      internalTopics: this.#internalTopics.map(({ name }) => name),
      counts: { consumed, produced: this.#worker?.produced ?? 0, skipped, deadLettered },
      nodes,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    }
  }

  /** undefined when stopped meanwhile. */
  async #prepare(): Promise<Worker | undefined> {
    const { config, broker, log } = this.#options
    const topology = await this.#topology()
    const subTopologies = subTopologiesOf(topology, config.applicationId)
    log.info('topology', { topology: describeTopology(subTopologies) })
    const partitions = await this.#externalTopics(topology)
    if (partitions === undefined) return undefined
    const deadLetterTopic = config.deadLetterTopic ?? deadLetterTopicOf(config.applicationId)
    this.#internalTopics = internalTopics(config, subTopologies, partitions)
    const internal = await createInternalTopics(broker, config, this.#internalTopics)
    return new Worker({
      ...this.#options,
      subTopologies,
      partitionCounts: new Map([...partitions, ...internal]),
      deadLetterTopic,
      tally: this.#tally,
      onState: (state) => {
        if (!this.#stopped.signal.aborted) this.#state = state
        if (state === 'Running') this.#lastError = undefined
      },
    })
  }

  async #topology(): Promise<Topology> {
    const { config, loadTopology } = this.#options
    const problems = lint(config)
    if (problems.length > 0) throw new InvalidJob(problems)
    return config.code === undefined ? topologyFromSteps(config).topology : loadTopology(config)
  }

  /** Partition counts of the user's topics, waiting for those that do not exist: never creates one. */
  async #externalTopics(topology: Topology): Promise<ReadonlyMap<string, number> | undefined> {
    const { broker, clock, log, config } = this.#options
    const needed = new Set([
      ...sourcesOf(topology).map(({ topic }) => topic),
      ...sinkTopicsOf(topology),
      ...(config.deadLetterTopic === undefined ? [] : [config.deadLetterTopic]),
    ])
    while (!this.#stopped.signal.aborted) {
      const found = await broker.admin.describeTopics([...needed])
      const missing = [...needed].filter((topic) => !found.has(topic))
      if (missing.length === 0)
        return new Map([...found].map(([name, { partitions }]) => [name, partitions]))
      const message = `waiting for ${missing.map((topic) => `topic "${topic}"`).join(', ')}: create it, or a Topic object for it.${hint(missing[0] ?? '', found.keys())}`
      if (this.#lastError?.message !== message) log.warn(message)
      this.#lastError = {
        reason: 'TopicNotFound',
        message,
        at: new Date(clock.now()).toISOString(),
      }
      await sleep(clock, TOPIC_RETRY_MS, this.#stopped.signal)
    }
    return undefined
  }

  #fail(error: Error): void {
    const { log, clock } = this.#options
    this.#state = 'Failed'
    this.#lastError = {
      reason: error.name,
      message: error.message,
      at: new Date(clock.now()).toISOString(),
    }
    log.error('the job stopped', { error })
  }
}

function internalTopics(
  config: RuntimeConfig,
  subTopologies: readonly SubTopology[],
  inputPartitions: ReadonlyMap<string, number>,
): readonly InternalTopic[] {
  const ownDeadLetters = config.onError === 'DeadLetter' && config.deadLetterTopic === undefined
  return [
    ...internalTopicsOf(subTopologies, taskCountsOf(subTopologies, inputPartitions)),
    ...(ownDeadLetters
      ? [{ name: deadLetterTopicOf(config.applicationId), partitions: 1, config: {} }]
      : []),
  ]
}

/** Creates what is missing and returns the partition counts of all of them. */
async function createInternalTopics(
  broker: Broker,
  config: RuntimeConfig,
  topics: readonly InternalTopic[],
): Promise<ReadonlyMap<string, number>> {
  const { replicationFactor } = config.internalTopics
  await broker.admin.createTopics(
    topics.map((topic) => ({
      ...topic,
      ...(replicationFactor === undefined ? {} : { replicationFactor }),
    })),
  )
  const found = await broker.admin.describeTopics(topics.map(({ name }) => name))
  const wrong = topics.filter(
    ({ name, partitions }) => (found.get(name)?.partitions ?? partitions) !== partitions,
  )
  if (wrong.length === 0) return new Map(topics.map(({ name, partitions }) => [name, partitions]))
  throw new InvalidJob(
    wrong.map(({ name, partitions }) => ({
      path: `topic ${name}`,
      message:
        `has ${found.get(name)?.partitions} partitions, the job needs ${partitions}: its inputs were repartitioned. ` +
        'Give the job a new applicationId to start afresh, or restore the old partition count',
    })),
  )
}
