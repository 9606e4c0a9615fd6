import type {
  FetchedPartition,
  Fetcher,
  GroupMember,
  Producer,
  TopicPartition,
} from '../broker/broker.ts'
import { CommitRejected, RecordTooLarge } from '../broker/errors.ts'
import { partitionKey } from '../broker/partition-key.ts'
import type { WorkReport } from '../config.ts'
import { fuse } from '../fused/fuse.ts'
import type { Program } from '../fused/program.ts'
import { commitTasks } from './commit.ts'
import type { Generator } from './generator.ts'
import { encodeMemberInfo, groupAssignor, partitionsSeenBy } from './group-assignor.ts'
import { Losses } from './losses.ts'
import { OutputCollector } from './output-collector.ts'
import { ownedGenerators, ownedTasks } from './owned-tasks.ts'
import { type Counts, countsIn, PartitionCounts } from './partition-counts.ts'
import { restoreTask } from './restore.ts'
import { startPositions } from './start-positions.ts'
import { Task } from './task.ts'
import { partitionsOf } from './task-id.ts'
import { TopicWatch } from './topic-watch.ts'
import type { WorkerOptions } from './worker-options.ts'

const POLL_BYTES = 2 * 1024 * 1024
const POLL_MS = 250
/** Above this the worker waits for acknowledgements before it reads on. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024
const REBALANCE_TIMEOUT_MS = 60_000
const GENERATOR_TICK_MS = 50

/**
 * The loop of one thread: rejoin if the group asks, poll, let the tasks work, send, commit when due. One thing at a time,
 * so nothing here needs a lock; only heartbeats and fetches run beside it.
 */
export class Worker {
  readonly #losses: Losses
  readonly #options: WorkerOptions
  readonly #producer: Producer
  readonly #fetcher: Fetcher
  readonly #member: GroupMember
  readonly #collector: OutputCollector
  readonly #counts: PartitionCounts
  #programs: readonly (ReadonlyMap<string, Program> | undefined)[] = []
  /** By which tasks and programs were made. */
  #adoptedCounts: Counts
  readonly #tasks = new Map<string, Task>()
  readonly #owners = new Map<string, Task>()
  #generators: readonly Generator[] = []
  #lastCommitMs: number
  #lastPollMs: number
  #assignment: readonly TopicPartition[] = []
  /** All tasks were closed, to start again at what is committed. */
  #isSetBack = false
  #limitsLearnedMs = 0
  #stopping = false

  constructor(options: WorkerOptions) {
    const { broker, config, subTopologies, instanceId, thread, clock } = options
    this.#options = options
    this.#losses = new Losses(config.onDataLoss, options.log)
    this.#producer = broker.producer()
    this.#fetcher = broker.fetcher({ maxBytes: POLL_BYTES })
    this.#counts = new PartitionCounts(options, new TopicWatch(options))
    this.#adoptedCounts = this.#counts.current
    this.#collector = new OutputCollector(this.#producer, this.#counts)
    this.#fuse()
    const assign = groupAssignor(subTopologies)
    this.#member = broker.groupMember({
      groupId: config.applicationId,
      // With the number even where there is one thread, so that another `threads` finds the same members again.
      instanceId: `${instanceId}-${thread}`,
      topics: [...new Set(subTopologies.flatMap(({ sources }) => sources.map((s) => s.topic)))],
      userData: () =>
        encodeMemberInfo({
          process: instanceId,
          tasks: [...this.#tasks.keys()],
          partitions: Object.fromEntries(this.#counts.current),
        }),
      assign: (members, counts) =>
        assign(members, this.#counts.agreed([counts, ...members.map(partitionsSeenBy)])),
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

  report(): WorkReport {
    const { consumed, skipped, deadLettered } = this.#options.tally
    const lost = this.#losses.offsets
    return {
      tasks: this.tasks.map((task) => task.status()),
      counts: { consumed, produced: this.#collector.produced, skipped, deadLettered, lost },
      losses: this.#losses.shown,
      throttledMs: { fetch: this.#fetcher.throttledMs, produce: this.#producer.throttledMs },
    }
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
        if (this.#member.rejoinNeeded || this.#counts.haveGrown()) await this.#rejoin()
        else if (this.#isSetBack) await this.#resume()
        else await this.#round()
      }
      await this.#commit()
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
    const sinceCommit = clock.monotonic() - this.#lastCommitMs
    const wait = Math.min(POLL_MS, Math.max(0, config.commitIntervalMs - sinceCommit))
    const fetched = await this.#poll(this.#generators.length > 0 ? GENERATOR_TICK_MS : wait)
    this.#lastPollMs = clock.monotonic()
    for (const part of fetched) this.#owners.get(partitionKey(part))?.add(part)
    if (fetched.length > 0) for (const task of this.#tasks.values()) task.process()
    this.#generate()
    this.#collector.send()
    await this.#producer.drainTo(MAX_PENDING_BYTES)
    if (clock.monotonic() - this.#lastCommitMs >= config.commitIntervalMs) await this.#commit()
  }

  async #poll(maxWaitMs: number): Promise<readonly FetchedPartition[]> {
    try {
      return await this.#fetcher.poll(maxWaitMs)
    } catch (error) {
      const firstLeft = this.#losses.passOver(error)
      this.#owners.get(partitionKey(firstLeft))?.skipTo(firstLeft)
      this.#fetcher.assign(firstLeft)
      return []
    }
  }

  #generate(): void {
    for (const generator of this.#generators) {
      for (const record of generator.due()) this.#collector.stage(record)
    }
    this.#collector.accept()
  }

  async #commit(): Promise<void> {
    const { clock, config } = this.#options
    this.#lastCommitMs = clock.monotonic()
    if (this.#lastCommitMs - this.#limitsLearnedMs > config.metadataMaxAgeMs)
      this.#collector.forgetLimits()
    const parts = { collector: this.#collector, producer: this.#producer, member: this.#member }
    try {
      await commitTasks(this.tasks, { ...parts, now: clock.now() })
    } catch (error) {
      if (error instanceof CommitRejected) return this.#loseAll(error)
      if (!(error instanceof RecordTooLarge && this.#collector.learn(error))) throw error
      this.#setBack(error)
    }
  }

  /** Which record it came from is not known any more: from the last commit on each is looked at as it is written. */
  #setBack({ message }: RecordTooLarge): void {
    const { log, clock } = this.#options
    log.warn('begins anew at the last commit, to find a record', { why: message })
    this.#limitsLearnedMs = clock.monotonic()
    this.#isSetBack = true
    this.#collector.clear()
    for (const task of this.tasks) this.#closeTask(task)
  }

  async #resume(): Promise<void> {
    this.#isSetBack = false
    this.#adopt(this.#assignment)
    await this.#startTasks()
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
    if (this.#tasks.size > 0) await this.#commit()
    onState('Joining')
    this.#assignment = await this.#member.join()
    this.#isSetBack = false
    this.#followGrowth(this.#assignment)
    this.#adopt(this.#assignment)
    const names = [...this.#tasks.keys()]
    log.info('assigned', { generation: this.#member.generation, tasks: names })
    await this.#startTasks()
  }

  async #startTasks(): Promise<void> {
    const { onState } = this.#options
    onState('Restoring')
    for (const task of this.tasks) {
      if (task.state === 'Created' && !(await this.#startTask(task))) return
    }
    onState('Running')
  }

  /** The group's leader may have seen more partitions than we. Tasks that went by the old counts begin anew. */
  #followGrowth(assignment: readonly TopicPartition[]): void {
    this.#counts.grow(countsIn(assignment))
    if (this.#counts.current === this.#adoptedCounts) return
    const topics = [...this.#counts.current].filter(
      ([topic, count]) => count !== this.#adoptedCounts.get(topic),
    )
    this.#options.log.info('topics have grown', { topics: Object.fromEntries(topics) })
    for (const task of this.tasks) this.#closeTask(task)
    this.#adoptedCounts = this.#counts.current
    this.#fuse()
  }

  #fuse(): void {
    const { subTopologies, config } = this.#options
    this.#programs = subTopologies.map((subTopology) =>
      fuse(subTopology, config.applicationId, (topic) => this.#collector.partitionsOf(topic)),
    )
  }

  /** Tasks that stay keep their state; the others close, new ones are made. */
  #adopt(assignment: readonly TopicPartition[]): void {
    const { config, subTopologies, deadLetterTopic, tally } = this.#options
    const wanted = ownedTasks(assignment, subTopologies, this.#counts.current)
    for (const task of this.tasks) if (!wanted.has(task.name)) this.#closeTask(task)
    for (const [name, { id, subTopology }] of wanted) {
      if (this.#tasks.has(name)) continue
      const { applicationId, onError, job } = config
      const jobName = `${job.namespace}/${job.name}`
      const programs = this.#programs[id.subTopology]
      const collector = this.#collector
      const common = { applicationId, onError, deadLetterTopic, tally, collector, programs }
      this.#tasks.set(name, new Task({ id, subTopology, job: jobName, ...common }))
    }
    this.#generators = ownedGenerators(assignment, config, this.#options)
  }

  /** Restores, then starts to read. False when a rebalance or a stop came first: the task stays `Created`. */
  async #startTask(task: Task): Promise<boolean> {
    const { broker, subTopologies } = this.#options
    const subTopology = subTopologies[task.id.subTopology]
    if (subTopology === undefined) return true
    const interrupted = () => this.#stopping || this.#member.rejoinNeeded
    if (!(await restoreTask(task, subTopology, broker, interrupted))) return false
    task.moveTo('Restoring')
    const partitions = partitionsOf(task.id, subTopology, this.#counts.current)
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
    task.moveTo('Closed')
    this.#tasks.delete(task.name)
  }

  async #close({ leave }: { readonly leave: boolean }): Promise<void> {
    await this.#member.close({ leave })
    await Promise.all([this.#fetcher.close(), this.#producer.close()])
  }
}
