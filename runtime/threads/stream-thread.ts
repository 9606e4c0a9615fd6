import type { TopicDescription } from '../broker/broker.ts'
import { BrokerError } from '../broker/errors.ts'
import { passesAtStart } from '../broker/kafka-errors.ts'
import type { RuntimeConfig, RuntimeState, RuntimeStatus } from '../config.ts'
import { RepartitionRequired } from '../errors.ts'
import type { Instance, InstanceOptions } from '../instance.ts'
import { topologyOfJob } from '../job-topology.ts'
import { sleep } from '../platform/clock.ts'
import { hint } from '../platform/did-you-mean.ts'
import type { Tally } from '../tasks/tally.ts'
import { Worker } from '../tasks/worker.ts'
import {
  deadLetterTopicOf,
  type InternalTopic,
  internalTopicsOf,
} from '../topology/internal-topics.ts'
import { describeTopology } from '../topology/describe.ts'
import { type SubTopology, subTopologiesOf } from '../topology/sub-topologies.ts'
import { sinkTopicsOf, sourceTopicsOf, type Topology } from '../topology/topology.ts'
import { STALLED_MS } from './messages.ts'
import { nothingDone } from './nothing-done.ts'

export interface StreamThreadOptions extends InstanceOptions {
  /** From 1, as Kafka Streams counts them. */
  readonly thread: number
  /** Called whenever the state of `status()` has changed. */
  readonly onState?: () => void
  /** How the worker works; unset: by itself, until `stop`. */
  readonly work?: (worker: Worker) => Promise<void>
}

const TOPIC_RETRY_MS = 1000
const TOPIC_APPEARS_MS = 10_000
const APPEARANCE_POLL_MS = 50

/** One thread of a job in this event loop: the topology, and one worker that is a member of the job's group. */
export function startStreamThread(options: StreamThreadOptions): Instance {
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
  readonly #options: StreamThreadOptions
  readonly #tally: Tally = { consumed: 0, skipped: 0, deadLettered: 0, nodes: {}, dropped: {} }
  readonly #stopped = new AbortController()
  #state: RuntimeState = 'Starting'
  #worker: Worker | undefined
  #internalTopics: readonly InternalTopic[] = []
  #lastError: RuntimeStatus['lastError']

  constructor(options: StreamThreadOptions) {
    this.#options = options
  }

  async run(): Promise<void> {
    try {
      const worker = await this.#prepare()
      if (worker === undefined) return
      this.#worker = worker
      if (this.#stopped.signal.aborted) worker.stop()
      const { work = (one: Worker) => one.run() } = this.#options
      await work(worker)
      this.#moveTo('Stopping')
    } catch (error) {
      this.#fail(error as Error)
      throw error
    }
  }

  stop(): void {
    this.#stopped.abort()
    this.#moveTo('Stopping')
    this.#worker?.stop()
  }

  async abandon(): Promise<void> {
    this.#stopped.abort()
    await this.#worker?.abandon()
  }

  ready(): boolean {
    if (this.#state !== 'Running' || this.#options.broker.denial !== undefined) return false
    return (this.#worker?.idleMs ?? Infinity) < STALLED_MS
  }

  status(): RuntimeStatus {
    const { job } = this.#options.config
    return {
      job,
      state: this.#state,
      internalTopics: this.#internalTopics.map(({ name }) => name),
      nodes: this.#tally.nodes,
      dropped: this.#tally.dropped,
      ...(this.#worker?.report() ?? nothingDone),
      ...this.#trouble(),
    }
  }

  /** Why it stands still: what it has met itself, else what its clients are denied. */
  #trouble(): Pick<RuntimeStatus, 'lastError'> {
    if (this.#lastError !== undefined) return { lastError: this.#lastError }
    const { denial } = this.#options.broker
    if (denial === undefined) return {}
    const { name, message } = denial.error
    return { lastError: { reason: name, message, at: new Date(denial.since).toISOString() } }
  }

  /** undefined when stopped meanwhile. */
  async #prepare(): Promise<Worker | undefined> {
    const { config, log } = this.#options
    const topology = await topologyOfJob(config, this.#options.loadTopology)
    const subTopologies = subTopologiesOf(topology, config.applicationId)
    log.info('topology', { topology: describeTopology(subTopologies) })
    const partitions = await this.#externalTopics(topology)
    if (partitions === undefined) return undefined
    const deadLetterTopic = config.deadLetterTopic ?? deadLetterTopicOf(config.applicationId)
    this.#internalTopics = internalTopics(config, subTopologies, partitions)
    const internal = await this.#answered(() => this.#createInternalTopics(this.#internalTopics))
    if (internal === undefined) return undefined
    return new Worker({
      ...this.#options,
      subTopologies,
      externalTopics: [...partitions.keys()],
      partitionCounts: new Map([...partitions, ...internal]),
      deadLetterTopic,
      tally: this.#tally,
      onState: (state) => {
        if (state === 'Running') this.#lastError = undefined
        if (!this.#stopped.signal.aborted) this.#moveTo(state)
      },
    })
  }

  /** Partition counts of the user's topics, waiting for those that do not exist: never creates one. */
  async #externalTopics(topology: Topology): Promise<ReadonlyMap<string, number> | undefined> {
    const { clock, config, broker } = this.#options
    const needed = new Set([
      ...sourceTopicsOf(topology),
      ...sinkTopicsOf(topology),
      ...(config.deadLetterTopic === undefined ? [] : [config.deadLetterTopic]),
    ])
    for (;;) {
      const found = await this.#answered(() => broker.admin.describeTopics([...needed]))
      if (found === undefined) return undefined
      const missing = [...needed].filter((topic) => !found.has(topic))
      if (missing.length === 0)
        return new Map([...found].map(([name, { partitions }]) => [name, partitions]))
      const message = `waiting for ${missing.map((topic) => `topic "${topic}"`).join(', ')}: create it, or a Topic object for it.${hint(missing[0] ?? '', found.keys())}`
      this.#waitBecause('TopicNotFound', message)
      await sleep(clock, TOPIC_RETRY_MS, this.#stopped.signal)
    }
  }

  /**
   * Asks for as long as the cluster is out of reach, or denies it, and says so: a pod that were started anew would meet the
   * same, later. undefined when stopped meanwhile.
   */
  async #answered<T>(ask: () => Promise<T>): Promise<T | undefined> {
    const { clock } = this.#options
    const { signal } = this.#stopped
    while (!signal.aborted) {
      try {
        return await untilAborted(ask(), signal)
      } catch (error) {
        if (!(error instanceof BrokerError && passesAtStart(error.code))) throw error
        this.#waitBecause(error.name, error.message)
      }
      await sleep(clock, TOPIC_RETRY_MS, signal)
    }
    return undefined
  }

  #waitBecause(reason: string, message: string): void {
    const { log, clock } = this.#options
    if (this.#lastError?.message === message) return
    log.warn(message)
    this.#lastError = { reason, message, at: new Date(clock.now()).toISOString() }
  }

  /** Creates what is missing and returns the partition counts of all of them. */
  async #createInternalTopics(
    topics: readonly InternalTopic[],
  ): Promise<ReadonlyMap<string, number>> {
    const { broker, config } = this.#options
    const { replicationFactor } = config.internalTopics
    await broker.admin.createTopics(
      topics.map((topic) => ({
        ...topic,
        ...(replicationFactor === undefined ? {} : { replicationFactor }),
      })),
    )
    const found = await this.#appeared(topics.map(({ name }) => name))
    const wrong = topics.filter(
      ({ name, partitions }) => (found.get(name)?.partitions ?? partitions) !== partitions,
    )
    if (wrong.length === 0) return new Map(topics.map(({ name, partitions }) => [name, partitions]))
    throw new RepartitionRequired(
      wrong.map(({ name, partitions }) => ({
        topic: name,
        has: found.get(name)?.partitions ?? partitions,
        needs: partitions,
      })),
    )
  }

  /** A topic that another thread or pod is just creating "exists already" before its partitions have leaders. */
  async #appeared(names: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
    const { broker, clock } = this.#options
    const deadline = clock.monotonic() + TOPIC_APPEARS_MS
    for (;;) {
      const found = await broker.admin.describeTopics(names)
      const complete = names.every((name) => found.has(name))
      if (complete || this.#stopped.signal.aborted || clock.monotonic() > deadline) return found
      await sleep(clock, APPEARANCE_POLL_MS, this.#stopped.signal)
    }
  }

  #moveTo(state: RuntimeState): void {
    if (this.#state === 'Failed') return
    this.#state = state
    this.#options.onState?.()
  }

  #fail(error: Error): void {
    const { log, clock } = this.#options
    this.#lastError = {
      reason: error.name,
      message: error.message,
      at: new Date(clock.now()).toISOString(),
    }
    this.#moveTo('Failed')
    log.error('the job stopped', { error })
  }
}

/** Resolves with undefined as soon as the signal aborts. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const done = new AbortController()
  const aborted = new Promise<undefined>((resolve) =>
    signal.addEventListener('abort', () => resolve(undefined), { signal: done.signal }),
  )
  return Promise.race([work, aborted]).finally(() => done.abort())
}

function internalTopics(
  config: RuntimeConfig,
  subTopologies: readonly SubTopology[],
  inputPartitions: ReadonlyMap<string, number>,
): readonly InternalTopic[] {
  const ownDeadLetters = config.onError === 'DeadLetter' && config.deadLetterTopic === undefined
  return [
    ...internalTopicsOf(subTopologies, inputPartitions),
    ...(ownDeadLetters
      ? [{ name: deadLetterTopicOf(config.applicationId), partitions: 1, config: {} }]
      : []),
  ]
}
