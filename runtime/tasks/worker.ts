import { setImmediate as immediate } from 'node:timers/promises'
import type {
  Broker,
  FetchedPartition,
  Fetcher,
  GroupMember,
  Producer,
  TopicPartition,
} from '../broker/broker.ts'
import { compressionCalled } from '../broker/compression.ts'
import { CommitRejected } from '../broker/errors.ts'
import { partitionKey } from '../broker/partition-key.ts'
import type { RuntimeConfig, RuntimeState } from '../config.ts'
import { fuse } from '../fused/fuse.ts'
import type { Program } from '../fused/program.ts'
import { type Clock, sleep } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import { commitTasks } from './commit.ts'
import { Generator } from './generator.ts'
import { encodeMemberInfo, groupAssignor, tasksOf } from './group-assignor.ts'
import { OutputCollector } from './output-collector.ts'
import { restoreTask } from './restore.ts'
import { startPositions } from './start-positions.ts'
import { type Tally, Task } from './task.ts'
import { partitionsOf, type TaskId, taskName } from './task-id.ts'

export interface WorkerOptions {
  readonly config: RuntimeConfig
  readonly subTopologies: readonly SubTopology[]
  readonly partitionCounts: ReadonlyMap<string, number>
  readonly deadLetterTopic: string
  readonly broker: Broker
  readonly instanceId: string
  /** Which thread of the instance this is, from 1. */
  readonly thread: number
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  readonly tally: Tally
  readonly onState: (state: RuntimeState) => void
}

const POLL_BYTES = 2 * 1024 * 1024
const POLL_MS = 250
/** Above this the worker waits for acknowledgements before it reads on. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024
const REBALANCE_TIMEOUT_MS = 60_000
const GENERATOR_TICK_MS = 50
/** How long async functions get to answer before tasks are given away; well within the time that a pod has to end. */
const MAX_DRAIN_MS = 10_000

/**
 * The loop of one thread: rejoin if the group asks, poll, let the tasks work, send, commit when due. One thing at a time,
 * so nothing here needs a lock; only heartbeats and fetches run beside it.
 */
export class Worker {
  readonly #options: WorkerOptions
  readonly #producer: Producer
  readonly #fetcher: Fetcher
  readonly #member: GroupMember
  readonly #collector: OutputCollector
  readonly #programs: readonly (ReadonlyMap<string, Program> | undefined)[]
  readonly #tasks = new Map<string, Task>()
  readonly #owners = new Map<string, Task>()
  /** Tasks that have enough to do: nothing is fetched for them. */
  readonly #paused = new Set<Task>()
  #generators: readonly Generator[] = []
  #answered = new AbortController()
  #lastCommitMs: number
  #lastPollMs: number
  #stopping = false
  #closed = false

  constructor(options: WorkerOptions) {
    const { broker, config, subTopologies, instanceId, thread, clock } = options
    this.#options = options
    this.#producer = broker.producer()
    this.#fetcher = broker.fetcher({ maxBytes: POLL_BYTES })
    this.#collector = new OutputCollector({
      producer: this.#producer,
      partitionCounts: options.partitionCounts,
      compression: compressionCalled[config.compression],
    })
    this.#programs = subTopologies.map((subTopology) =>
      fuse(subTopology, config.applicationId, (topic) => this.#collector.partitionsOf(topic)),
    )
    this.#member = broker.groupMember({
      groupId: config.applicationId,
      // With the number even where there is one thread, so that another `threads` finds the same members again.
      instanceId: `${instanceId}-${thread}`,
      topics: [
        ...new Set(subTopologies.flatMap(({ sources }) => sources.map(({ topic }) => topic))),
      ],
      userData: () => encodeMemberInfo({ process: instanceId, tasks: [...this.#tasks.keys()] }),
      assign: groupAssignor(subTopologies),
      sessionTimeoutMs: config.sessionTimeoutMs,
      rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
    })
    this.#member.onRejoinNeeded = () => this.#fetcher.wake()
    this.#lastCommitMs = clock.monotonic()
    this.#lastPollMs = clock.monotonic()
  }

  get tasks(): readonly Task[] {
    return [...this.#tasks.values()]
  }

  get produced(): number {
    return this.#collector.produced
  }

  /** Milliseconds since the loop last came round. */
  get idleMs(): number {
    return this.#options.clock.monotonic() - this.#lastPollMs
  }

  /** Works until `stop`. Throws what the job cannot get over. */
  async run(): Promise<void> {
    try {
      await this.#rejoin()
      while (!this.#stopping) {
        if (this.#member.rejoinNeeded) await this.#rejoin()
        else await this.#round()
      }
      await this.#finish()
      await this.#close({ leave: true })
    } catch (error) {
      // What is uncommitted is read again by whoever comes next; leaving lets them come at once.
      await this.#close({ leave: true })
      throw error
    }
  }

  /** Finishes the round, commits and leaves. */
  stop(): void {
    this.#stopping = true
    this.#fetcher.wake()
  }

  /** As if the process died: nothing is flushed, committed or told to the group. */
  async abandon(): Promise<void> {
    this.#stopping = true
    await this.#close({ leave: false })
  }

  async #round(): Promise<void> {
    const { config, clock } = this.#options
    const fetched = await this.#poll()
    this.#lastPollMs = clock.monotonic()
    for (const part of fetched) this.#owners.get(partitionKey(part))?.add(part)
    for (const task of this.#tasks.values()) {
      task.process()
      this.#regulate(task)
    }
    this.#generate()
    this.#collector.send()
    await this.#producer.drainTo(MAX_PENDING_BYTES)
    const isDue = clock.monotonic() - this.#lastCommitMs >= config.commitIntervalMs
    if (isDue || this.tasks.some((task) => task.isDue)) await this.#commit()
  }

  async #poll(): Promise<readonly FetchedPartition[]> {
    const { config, clock } = this.#options
    if (this.tasks.some(({ isRipe }) => isRipe)) {
      // Functions that answer at once would otherwise keep sockets, timers and signals from ever having their turn.
      await immediate()
      return this.#fetcher.poll(0)
    }
    const sinceCommit = clock.monotonic() - this.#lastCommitMs
    const wait = Math.min(POLL_MS, Math.max(0, config.commitIntervalMs - sinceCommit))
    return this.#fetcher.poll(this.#generators.length > 0 ? GENERATOR_TICK_MS : wait)
  }

  /** Fetches on for a task only once it has taken all that was fetched. */
  #regulate(task: Task): void {
    if (task.isBehind === this.#paused.has(task)) return
    for (const partition of task.partitions) {
      if (task.isBehind) this.#fetcher.pause(partition)
      else this.#fetcher.resume(partition)
    }
    if (task.isBehind) this.#paused.add(task)
    else this.#paused.delete(task)
  }

  /** An answer need not wait for the next record, nor for the end of a drain. */
  #onAnswer(): void {
    this.#fetcher.wake()
    this.#answered.abort()
  }

  #generate(): void {
    for (const generator of this.#generators) {
      for (const record of generator.due()) this.#collector.stage(record)
    }
    this.#collector.accept()
  }

  /** Before tasks are given away. What async functions have not answered by then is left to whoever comes next. */
  async #finish(): Promise<void> {
    const { clock, config } = this.#options
    // A member that joins late is a member lost: others of the group wait, and no heartbeat goes out meanwhile.
    const patience = Math.min(MAX_DRAIN_MS, config.sessionTimeoutMs / 2)
    const deadline = clock.monotonic() + patience
    while (!this.#closed) {
      for (const task of this.tasks) task.deliver()
      const left = deadline - clock.monotonic()
      if (left <= 0 || !this.tasks.some(({ isPending }) => isPending)) break
      this.#answered = new AbortController()
      await sleep(clock, left, this.#answered.signal)
    }
    await this.#commit()
  }

  async #commit(): Promise<void> {
    // Once abandoned, what the tasks hold is not the truth any more.
    if (this.#closed) return
    const { clock } = this.#options
    this.#lastCommitMs = clock.monotonic()
    const parts = { collector: this.#collector, producer: this.#producer, member: this.#member }
    try {
      const tasks = this.tasks.filter((task) => task.prepareCommit())
      await commitTasks(tasks, { ...parts, now: clock.now() })
    } catch (error) {
      if (!(error instanceof CommitRejected)) throw error
      this.#loseAll(error)
    }
  }

  /** The group has given our tasks to others: what we hold in memory is no longer the truth. */
  #loseAll(error: CommitRejected): void {
    this.#options.log.warn('lost all tasks: the group moved on without this instance', {
      code: error.code,
    })
    for (const task of this.tasks) this.#closeTask(task)
  }

  async #rejoin(): Promise<void> {
    const { onState, log } = this.#options
    if (this.#tasks.size > 0) await this.#finish()
    onState('Joining')
    const assignment = await this.#member.join()
    this.#adopt(assignment)
    const names = [...this.#tasks.keys()]
    log.info('assigned', { generation: this.#member.generation, tasks: names })
    onState('Restoring')
    for (const task of this.tasks) {
      if (task.state === 'Created' && !(await this.#startTask(task))) return
    }
    onState('Running')
  }

  /** Tasks that stay keep their state; the others close, new ones are made. */
  #adopt(assignment: readonly TopicPartition[]): void {
    const { config, subTopologies, partitionCounts, clock, random } = this.#options
    const owned = new Set(assignment.map(partitionKey))
    const wanted = new Map(
      tasksOf(subTopologies, partitionCounts).flatMap((id) => {
        const subTopology = subTopologies[id.subTopology]
        if (subTopology === undefined) return []
        const mine = partitionsOf(id, subTopology, partitionCounts).some((p) =>
          owned.has(partitionKey(p)),
        )
        return mine ? [[taskName(id), { id, subTopology }] as const] : []
      }),
    )
    for (const task of this.tasks) if (!wanted.has(task.name)) this.#closeTask(task)
    for (const [name, { id, subTopology }] of wanted) {
      if (!this.#tasks.has(name)) this.#tasks.set(name, this.#newTask(id, subTopology))
    }
    this.#generators = config.inputs
      .filter(
        ({ generator, topic }) =>
          generator !== undefined && owned.has(partitionKey({ topic, partition: 0 })),
      )
      .map((input) => new Generator(input, clock, random))
  }

  #newTask(id: TaskId, subTopology: SubTopology): Task {
    const { config, deadLetterTopic, tally, clock } = this.#options
    const { applicationId, onError, job } = config
    return new Task({
      id,
      subTopology,
      applicationId,
      job: `${job.namespace}/${job.name}`,
      onError,
      deadLetterTopic,
      collector: this.#collector,
      tally,
      programs: this.#programs[id.subTopology],
      clock,
      onAnswer: () => this.#onAnswer(),
    })
  }

  /** Restores, then starts to read. False when a rebalance or a stop came first: the task stays `Created`. */
  async #startTask(task: Task): Promise<boolean> {
    const { broker, subTopologies } = this.#options
    const subTopology = subTopologies[task.id.subTopology]
    if (subTopology === undefined) return true
    const interrupted = () => this.#stopping || this.#member.rejoinNeeded
    if (!(await restoreTask(task, subTopology, broker, interrupted))) return false
    task.moveTo('Restoring')
    const partitions = partitionsOf(task.id, subTopology, this.#options.partitionCounts)
    const reach = { member: this.#member, admin: broker.admin }
    const positions = await startPositions(partitions, subTopology, reach)
    task.start(positions)
    for (const position of positions) {
      this.#owners.set(partitionKey(position), task)
      this.#fetcher.assign(position)
    }
    task.moveTo('Running')
    return true
  }

  #closeTask(task: Task): void {
    for (const partition of task.partitions) {
      this.#fetcher.unassign(partition)
      this.#owners.delete(partitionKey(partition))
    }
    task.cancel()
    task.moveTo('Closed')
    this.#paused.delete(task)
    this.#tasks.delete(task.name)
  }

  async #close({ leave }: { readonly leave: boolean }): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const task of this.tasks) task.cancel()
    this.#answered.abort()
    await this.#member.close({ leave })
    await Promise.all([this.#fetcher.close(), this.#producer.close()])
  }
}
