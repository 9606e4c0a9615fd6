import { setImmediate as immediate } from 'node:timers/promises'
import type {
  FetchedPartition,
  Fetcher,
  GroupMember,
  Membership,
  Producer,
} from '../broker/broker.ts'
import { compressionCalled } from '../broker/compression.ts'
import type { WorkReport } from '../config.ts'
import { sleep } from '../platform/clock.ts'
import { Beside } from './beside.ts'
import { type CommitParts, Commits } from './commit.ts'
import { Generators } from './generators.ts'
import { GlobalTables } from './global-tables.ts'
import { Losses } from './losses.ts'
import { shareInfoOf } from './member-info.ts'
import { membership } from './membership.ts'
import { OutputCollector } from './output-collector.ts'
import { ownedTasks } from './owned-tasks.ts'
import { countsIn, PartitionCounts } from './partition-counts.ts'
import { Purge } from './purge.ts'
import { type Restore, type Restored, Restoring } from './restoring.ts'
import { summed } from './summed.ts'
import type { Task } from './task.ts'
import { TaskMaker } from './task-maker.ts'
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
 * so nothing here needs a lock; heartbeats and fetches run beside it, and so do joins and the restoring of tasks, as long as
 * there are others to go on with: what came of them is taken between two rounds.
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
  readonly #maker: TaskMaker
  readonly #generators: Generators
  #answered = new AbortController()
  #lastPollMs: number
  #share: Membership = { memberId: '', partitions: [] }
  /** Others wait for tasks that were here. */
  #mustGiveWay = false
  readonly #joining = new Beside<Membership>()
  readonly #restoring: Restoring
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
    this.#tasks = new TaskManager(this.#fetcher, clock)
    this.#generators = new Generators(options)
    this.#globals = new GlobalTables(options, this.#fetcher)
    this.#counts = new PartitionCounts(options, new TopicWatch(options))
    this.#collector = new OutputCollector({
      producer,
      partitionCounts: this.#counts,
      compression: compressionCalled[config.compression],
    })
    this.#state = new WorkerState(options, producer)
    const [tasks, collector, state] = [this.#tasks, this.#collector, this.#state]
    const [counts, fetcher, globals] = [this.#counts, this.#fetcher, this.#globals]
    const onAnswer = () => this.#onAnswer()
    const making = { counts, collector, fetcher, globals, state, onAnswer }
    this.#maker = new TaskMaker(options, making)
    this.#restoring = new Restoring(
      (created, how) => this.#restore(created, how),
      () => fetcher.wake(),
    )
    const held = { tasks, state, counts, memberId: () => this.#share.memberId }
    const member = broker.groupMember(membership(options, held))
    member.onRejoinNeeded = () => this.#fetcher.wake()
    this.#member = member
    this.#purge = new Purge(options)
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
    const { isDone, isBegun } = this.#joining
    // A producer that is fenced can do nothing until then.
    if (isDone || (isBegun && this.#commits.mustTakeOver))
      await this.#follow(await this.#joining.take())
    else if (isBegun) return this.#round(maxWaitMs)
    else if (this.#mustRejoin) await this.#rejoin()
    else if (this.#commits.isSetBack) await this.#resume()
    else return this.#goOn(maxWaitMs)
    return true
  }

  get #mustRejoin(): boolean {
    if (this.#member.rejoinNeeded || this.#mustGiveWay || this.#commits.mustTakeOver) return true
    return this.#counts.haveGrown() || this.#state.haveWarmedUp()
  }

  async #goOn(maxWaitMs: number): Promise<boolean> {
    const restored = this.#restoring.take()
    for (const one of restored) this.#startTask(one)
    if (await this.#restoring.isOver()) this.#options.onState('Running')
    return (await this.#round(maxWaitMs)) || restored.length > 0
  }

  async #round(maxWaitMs: number): Promise<boolean> {
    const isRipe = this.tasks.some((task) => task.isRipe)
    // Functions that answer at once would otherwise keep sockets, timers and signals from ever having their turn.
    if (isRipe) await immediate()
    const fetched = await this.#poll(isRipe ? 0 : maxWaitMs)
    const { clock } = this.#options
    this.#lastPollMs = clock.monotonic()
    for (const part of fetched) if (!this.#globals.take(part)) this.#tasks.add(part)
    await this.#tasks.process(this.#collector, () => this.#closed)
    const hasPunctuated = this.#tasks.punctuate(clock.now())
    this.#generators.stage(this.#collector)
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
    if (this.#generators.areAny) return Math.min(GENERATOR_TICK_MS, untilPunctuation)
    return Math.min(POLL_MS, this.#commits.msLeft, untilPunctuation)
  }

  /** An answer need not wait for the next record, nor for the end of a drain. */
  #onAnswer(): void {
    this.#fetcher.wake()
    this.#answered.abort()
  }

  /** Before tasks are given away. What async functions have not answered by then is left to whoever comes next. */
  async #finish(): Promise<void> {
    const { clock, config } = this.#options
    // Others wait for them.
    const patience = Math.min(MAX_DRAIN_MS, config.sessionTimeoutMs / 2)
    const deadline = clock.monotonic() + patience
    while (!this.#closed) {
      const { running } = this.#tasks
      for (const task of running) task.windUp()
      const left = deadline - clock.monotonic()
      if (left <= 0 || !running.some(({ isPending }) => isPending)) break
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
    await this.#restoring.end()
    this.#commits.goOn(this.#share.memberId)
    this.#adopt(this.#share)
    await this.#startTasks()
  }

  /** Joins the group and starts the tasks that it gives. */
  async join(): Promise<void> {
    this.#options.onState('Joining')
    const joined = this.#join().then((membership) => this.#follow(membership))
    // Whoever is to stop has nothing to commit, and waits no more for others of the group, nor for brokers.
    joined.catch(() => undefined)
    await Promise.race([joined, this.#stopAsked.promise])
  }

  /** Goes on meanwhile with what runs here: the leader gives nobody what a member goes on with. */
  async #rejoin(): Promise<void> {
    if (this.#member.memberId !== this.#share.memberId) await this.#commits.loseAll()
    if (this.#tasks.running.length === 0) return this.join()
    this.#joining.begin(this.#join(), () => this.#fetcher.wake())
  }

  async #join(): Promise<Membership> {
    this.#mustGiveWay = false
    await this.#state.lookAtDisk(this.#counts.current)
    return this.#member.join()
  }

  /** What is to go is committed before. */
  async #follow(joined: Membership): Promise<void> {
    if (this.#closed) return
    await this.#restoring.end()
    if (joined.memberId !== this.#share.memberId) await this.#commits.loseAll()
    this.#counts.grow(countsIn(joined.partitions))
    if (this.#mustPart(joined)) await this.#finish()
    this.#share = joined
    this.#commits.goOn(joined.memberId)
    await this.#commits.takeOver()
    this.#adopt(joined)
    const told = shareInfoOf(joined)
    this.#mustGiveWay = told.givesUp.length > 0
    const { generation } = this.#member
    this.#options.log.info('assigned', { generation, tasks: this.#tasks.names, ...told })
    await this.#startTasks()
  }

  #mustPart({ partitions }: Membership): boolean {
    const wanted = ownedTasks(partitions, this.#options.subTopologies, this.#counts.current)
    return this.#maker.isOutgrown || this.#tasks.names.some((name) => !wanted.has(name))
  }

  async #startTasks(): Promise<void> {
    const { onState } = this.#options
    if (this.tasks.length > 0 && this.tasks.every(({ state }) => state === 'Running'))
      return onState('Running')
    onState('Restoring')
    const poll = () => this.#poll(POLL_MS)
    const isInterrupted = () => this.#stopping || this.#member.rejoinNeeded
    if (!(await this.#globals.catchUp(this.#counts.current, poll, isInterrupted))) return
    const created = this.tasks.filter(({ state }) => state === 'Created')
    if (created.length < this.tasks.length) return this.#restoring.begin(created)
    const onRestored = (restored: Restored) => this.#startTask(restored)
    if (await this.#restore(created, { isInterrupted, onRestored })) onState('Running')
  }

  /** Where they are to begin is asked first: what others leave open there is then over. */
  #restore: Restore = async (tasks, { isInterrupted, onRestored }) => {
    const [member, counts] = [this.#member, this.#counts.current]
    const starts = await taskStarts(tasks, this.#options, { member, counts })
    return this.#state.restore(tasks, {
      isInterrupted,
      onRestored: (task) => onRestored({ task, positions: starts.get(task) ?? [] }),
    })
  }

  #adopt(share: Membership): void {
    // The group's leader may have seen more partitions than we. Tasks that went by the old counts begin anew.
    if (this.#maker.followGrowth()) this.#tasks.closeAll()
    const { subTopologies } = this.#options
    const wanted = ownedTasks(share.partitions, subTopologies, this.#counts.current)
    const left = this.#tasks.adopt(wanted, (one) => this.#maker.make(one))
    this.#state.follow(shareInfoOf(share), { left, counts: this.#counts.current })
    this.#generators.follow(share.partitions)
  }

  #startTask({ task, positions }: Restored): void {
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
