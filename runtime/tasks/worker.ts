import { setImmediate as immediate } from 'node:timers/promises'
import type {
  FetchedPartition,
  Fetcher,
  GroupMember,
  GroupShare,
  PartitionOffset,
  Producer,
} from '../broker/broker.ts'
import { compressionCalled } from '../broker/compression.ts'
import type { WorkReport } from '../config.ts'
import { fuse } from '../fused/fuse.ts'
import type { Program } from '../fused/program.ts'
import { sleep } from '../platform/clock.ts'
import { type CommitParts, Commits } from './commit.ts'
import type { Generator } from './generator.ts'
import { GlobalTables } from './global-tables.ts'
import { Losses } from './losses.ts'
import { shareInfoOf } from './member-info.ts'
import { membership } from './membership.ts'
import { OutputCollector } from './output-collector.ts'
import { type OwnedTask, ownedGenerators, ownedTasks } from './owned-tasks.ts'
import { type Counts, countsIn, PartitionCounts } from './partition-counts.ts'
import { Purge, repartitionTopicsOf } from './purge.ts'
import { summed } from './summed.ts'
import { Task } from './task.ts'
import { TaskManager } from './task-manager.ts'
import { taskStarts } from './task-starts.ts'
import { TopicWatch } from './topic-watch.ts'
import { openProducer } from './transactions.ts'
import type { WorkerOptions } from './worker-options.ts'
import { WorkerState } from './worker-state.ts'

const POLL_BYTES = 2 * 1024 * 1024
const POLL_MS = 250
/** Above this the worker waits for acknowledgements before it reads on. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024
const GENERATOR_TICK_MS = 50
/** While there is something to read for standbys, they are not to wait for tasks that have nothing. */
const STANDBY_TICK_MS = 10
/** How long async functions get to answer before tasks are given away; well within the time that a pod has to end. */
const MAX_DRAIN_MS = 10_000

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
  readonly #tasks: TaskManager
  readonly #globals: GlobalTables
  readonly #counts: PartitionCounts
  readonly #commits: Commits
  readonly #state: WorkerState
  readonly #purge: Purge
  #programs: readonly (ReadonlyMap<string, Program> | undefined)[] = []
  /** By which tasks and programs were made. */
  #adoptedCounts: Counts
  #generators: readonly Generator[] = []
  #answered = new AbortController()
  #lastPollMs: number
  #share: GroupShare = { partitions: [] }
  /** For standbys, in the last round. */
  #hasRead = false
  readonly #stopAsked = Promise.withResolvers<void>()
  #stopping = false
  #closed = false

  constructor(options: WorkerOptions) {
    const { broker, config, clock } = options
    this.#options = options
    this.#losses = new Losses(config.onDataLoss, options.log)
    const { producer, transaction } = openProducer(options)
    this.#producer = producer
    this.#fetcher = broker.fetcher({ maxBytes: POLL_BYTES })
    this.#tasks = new TaskManager(this.#fetcher)
    this.#globals = new GlobalTables(options, this.#fetcher)
    this.#counts = new PartitionCounts(options, new TopicWatch(options))
    this.#adoptedCounts = this.#counts.current
    this.#collector = new OutputCollector({
      producer,
      partitionCounts: this.#counts,
      compression: compressionCalled[config.compression],
    })
    this.#fuse()
    this.#state = new WorkerState(options, producer)
    const [tasks, collector, state] = [this.#tasks, this.#collector, this.#state]
    const member = broker.groupMember(membership(options, { tasks, state, counts: this.#counts }))
    member.onRejoinNeeded = () => this.#fetcher.wake()
    this.#member = member
    const { repartitionPurgeMs: intervalMs } = config
    const topics = repartitionTopicsOf(options.subTopologies)
    this.#purge = new Purge({ ...options, topics, intervalMs, admin: broker.admin })
    const onCommitted: CommitParts['onCommitted'] = (committed, offsets) => {
      this.#state.afterCommit(committed)
      this.#purge.afterCommit(offsets)
    }
    const parts = { tasks, collector, producer, transaction, member, onCommitted }
    this.#commits = new Commits(options, parts)
    this.#lastPollMs = clock.monotonic()
  }

  get tasks(): readonly Task[] {
    return this.#tasks.all
  }

  report(): WorkReport {
    const { consumed, skipped, deadLettered } = this.#options.tally
    const lost = this.#losses.offsets
    return {
      tasks: this.tasks.map((task) => task.status()),
      counts: { consumed, produced: this.#collector.produced, skipped, deadLettered, lost },
      inFlight: summed(this.tasks.flatMap(({ pending }) => pending)),
      losses: this.#losses.shown,
      throttledMs: { fetch: this.#fetcher.throttledMs, produce: this.#producer.throttledMs },
      ...this.#state.report(this.tasks),
    }
  }

  /** Milliseconds since the loop last came round. */
  get idleMs(): number {
    return this.#options.clock.monotonic() - this.#lastPollMs
  }

  /** Works until `stop`. Throws what the job cannot get over. */
  async run(): Promise<void> {
    try {
      await this.join()
      while (!this.#stopping) await this.turn()
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
    this.#stopAsked.resolve()
    this.#fetcher.wake()
  }

  /** As if the process died: nothing is flushed, committed or told to the group. */
  async abandon(): Promise<void> {
    this.#stopping = true
    await this.#close({ leave: false })
  }

  /**
   * Once round the loop; waits for at most `maxWaitMs` when there is nothing to do. False when there was nothing. `run` calls
   * it, or, in place of `run`, who decides when time passes.
   */
  async turn(maxWaitMs = this.#maxWaitMs): Promise<boolean> {
    if (this.#mustRejoin) await this.join()
    else if (this.#commits.isSetBack) await this.#resume()
    else return this.#round(maxWaitMs)
    return true
  }

  get #mustRejoin(): boolean {
    if (this.#member.rejoinNeeded || this.#commits.mustTakeOver) return true
    return this.#counts.haveGrown() || this.#state.haveWarmedUp()
  }

  async #round(maxWaitMs: number): Promise<boolean> {
    const isRipe = this.tasks.some((task) => task.isRipe)
    // Functions that answer at once would otherwise keep sockets, timers and signals from ever having their turn.
    if (isRipe) await immediate()
    const fetched = await this.#poll(isRipe ? 0 : maxWaitMs)
    const { clock } = this.#options
    this.#lastPollMs = clock.monotonic()
    for (const part of fetched) if (!this.#globals.take(part)) this.#tasks.add(part)
    this.#tasks.process()
    const hasPunctuated = this.#tasks.punctuate(clock.now())
    this.#generate()
    this.#collector.send()
    await this.#producer.drainTo(MAX_PENDING_BYTES)
    this.#hasRead = await this.#state.read()
    if (this.#commits.isDue) await this.commit()
    return isRipe || hasPunctuated || this.#hasRead || fetched.length > 0
  }

  async #poll(maxWaitMs: number): Promise<readonly FetchedPartition[]> {
    try {
      return await this.#fetcher.poll(maxWaitMs)
    } catch (error) {
      this.#tasks.skipTo(this.#losses.passOver(error))
      return []
    }
  }

  get #maxWaitMs(): number {
    const { clock } = this.#options
    // Never 0: a punctuator that is always late must not keep sockets from having their turn.
    const untilPunctuation = Math.max(1, this.#tasks.nextPunctuationMs - clock.now())
    if (this.#hasRead) return Math.min(STANDBY_TICK_MS, untilPunctuation)
    if (this.#generators.length > 0) return Math.min(GENERATOR_TICK_MS, untilPunctuation)
    return Math.min(POLL_MS, this.#commits.msLeft, untilPunctuation)
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
      for (const task of this.tasks) task.windUp()
      const left = deadline - clock.monotonic()
      if (left <= 0 || !this.tasks.some(({ isPending }) => isPending)) break
      this.#answered = new AbortController()
      await sleep(clock, left, this.#answered.signal)
    }
    await this.commit()
    if (!this.#closed) await this.#commits.dropUnfinished()
  }

  /** All that is done so far. Throws what the job cannot get over. */
  async commit(): Promise<void> {
    // Once abandoned, what the tasks hold is not the truth any more.
    if (!this.#closed) await this.#commits.commit()
  }

  async #resume(): Promise<void> {
    this.#commits.goOn()
    this.#adopt(this.#share)
    await this.#startTasks()
  }

  /** Joins the group, or joins it again, and starts the tasks that it gives. Commits before. */
  async join(): Promise<void> {
    if (this.tasks.length > 0) await this.#finish()
    const joined = this.#joinGroup()
    // Whoever is to stop has nothing to commit, and waits no more for others of the group, nor for brokers.
    joined.catch(() => undefined)
    await Promise.race([joined, this.#stopAsked.promise])
  }

  async #joinGroup(): Promise<void> {
    const { onState, log } = this.#options
    onState('Joining')
    await this.#state.lookAtDisk(this.#counts.current)
    this.#share = await this.#member.join()
    this.#commits.goOn()
    await this.#commits.takeOver()
    this.#followGrowth(this.#share)
    this.#adopt(this.#share)
    const { generation } = this.#member
    log.info('assigned', { generation, tasks: this.#tasks.names, ...shareInfoOf(this.#share) })
    await this.#startTasks()
  }

  async #startTasks(): Promise<void> {
    this.#options.onState('Restoring')
    const poll = () => this.#poll(POLL_MS)
    if (!(await this.#globals.catchUp(this.#counts.current, poll, () => this.#isInterrupted)))
      return
    const created = this.tasks.filter(({ state }) => state === 'Created')
    const [member, counts] = [this.#member, this.#counts.current]
    const starts = await taskStarts(created, this.#options, { member, counts })
    const areRestored = await this.#state.restore(created, {
      isInterrupted: () => this.#isInterrupted,
      onRestored: (task) => this.#startTask(task, starts.get(task) ?? []),
    })
    if (areRestored) this.#options.onState('Running')
  }

  get #isInterrupted(): boolean {
    return this.#stopping || this.#member.rejoinNeeded
  }

  /** The group's leader may have seen more partitions than we. Tasks that went by the old counts begin anew. */
  #followGrowth({ partitions }: GroupShare): void {
    this.#counts.grow(countsIn(partitions))
    if (this.#counts.current === this.#adoptedCounts) return
    const topics = [...this.#counts.current].filter(
      ([topic, count]) => count !== this.#adoptedCounts.get(topic),
    )
    this.#options.log.info('topics have grown', { topics: Object.fromEntries(topics) })
    this.#tasks.closeAll()
    this.#adoptedCounts = this.#counts.current
    this.#fuse()
  }

  #fuse(): void {
    const { subTopologies, config } = this.#options
    this.#programs = subTopologies.map((subTopology) =>
      fuse(subTopology, config.applicationId, (topic) => this.#collector.partitionsOf(topic)),
    )
  }

  #adopt(share: GroupShare): void {
    const { config, subTopologies } = this.#options
    const wanted = ownedTasks(share.partitions, subTopologies, this.#counts.current)
    const left = this.#tasks.adopt(wanted, (one) => this.#newTask(one))
    this.#state.follow(shareInfoOf(share), { left, counts: this.#counts.current })
    this.#generators = ownedGenerators(share.partitions, config, this.#options)
  }

  #newTask({ id, subTopology }: OwnedTask): Task {
    const { applicationId, onError, job, time } = this.#options.config
    return new Task({
      ...this.#options,
      id,
      subTopology,
      applicationId,
      job: `${job.namespace}/${job.name}`,
      onError,
      collector: this.#collector,
      programs: this.#programs[id.subTopology],
      idleAfterMs: time.idleAfterMs,
      drainedAt: (partition) => this.#fetcher.drainedAt(partition),
      onAnswer: () => this.#onAnswer(),
      global: (name) => this.#globals.rows(name),
      stores: this.#state.storesFor({ id, subTopology }),
    })
  }

  #startTask(task: Task, positions: readonly PartitionOffset[]): void {
    task.moveTo('Restoring')
    this.#tasks.start(task, positions)
    task.moveTo('Running')
  }

  async #close({ leave }: { readonly leave: boolean }): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const task of this.tasks) task.cancel()
    this.#answered.abort()
    if (leave) await this.#commits.leave()
    await this.#state.close()
    await this.#member.close({ leave })
    await Promise.all([this.#fetcher.close(), this.#producer.close()])
  }
}
