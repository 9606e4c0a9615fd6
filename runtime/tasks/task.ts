import type { FetchedPartition, PartitionOffset, TopicPartition } from '../broker/broker.ts'
import type { TaskStatus } from '../config.ts'
import type { BadRecord } from '../errors.ts'
import { buildProcessors } from '../processors/build.ts'
import type { FlowRecord } from '../processors/flow-record.ts'
import type { Forward, Processor } from '../processors/processor.ts'
import type { GoOn, SinkTarget } from '../processors/processor-of.ts'
import type { ColumnStore } from '../state/column-store.ts'
import type { StateStore, Stores } from '../state/store.ts'
import type { AggregateNode, AsyncNode, TopologyNode } from '../topology/nodes.ts'
import type { RepartitionExit } from '../topology/sub-topologies.ts'
import type { Changelog } from './changelog.ts'
import { heldRowsOf } from './held-row-updates.ts'
import { leavingFor, leavingThrough } from './leaving.ts'
import { OperatorTimes } from './operator-times.ts'
import { PartitionGroup } from './partition-group.ts'
import { originalBytes, ownBytes, Passes } from './passes.ts'
import { PendingCalls } from './pending-calls.ts'
import type { Due } from './punctuations.ts'
import type { RecordQueue, Taken } from './record-queue.ts'
import { stageChanges } from './stage-changes.ts'
import { countDropped, countEntered } from './tally.ts'
import { type TaskId, taskName } from './task-id.ts'
import type { TaskOptions } from './task-options.ts'
import { TaskPrograms } from './task-programs.ts'
import { TaskQueues } from './task-queues.ts'
import { moveTask, type TaskState } from './task-state.ts'
import { closeStores, type TaskStores } from './task-stores.ts'
import { TaskTime } from './task-time.ts'
import { UntilCommit } from './until-commit.ts'
import { UserProcessors } from './user-processors.ts'

/** One sub-topology at work on one partition of each of its source topics. */
export class Task {
  readonly name: string
  readonly id: TaskId
  readonly stores: readonly StateStore[]
  readonly changelogs: readonly Changelog[]
  restoreRemaining = 0
  readonly #options: TaskOptions
  readonly #queues: TaskQueues
  readonly #processors: ReadonlyMap<string, Processor>
  readonly #pending: PendingCalls
  readonly #time: TaskTime
  readonly #operatorTimes: OperatorTimes
  readonly #userProcessors: UserProcessors
  readonly #untilCommit: UntilCommit
  readonly #passes: Passes
  readonly #programs: TaskPrograms
  #group = new PartitionGroup([], undefined)
  #awaitsCommit = false
  #state: TaskState = 'Created'

  constructor(options: TaskOptions) {
    this.#options = options
    this.id = options.id
    this.name = taskName(options.id)
    this.stores = options.stores.stores
    this.changelogs = options.stores.changelogs
    this.#pending = new PendingCalls(options)
    this.#queues = new TaskQueues((topic) => this.#pending.firstOffset(topic))
    const { clock, idleAfterMs, subTopology } = options
    this.#time = new TaskTime({ clock, idleAfterMs })
    this.restoreTime(options.stores.streamTime)
    this.#operatorTimes = new OperatorTimes(subTopology, options.id.partition)
    this.#userProcessors = new UserProcessors(options)
    const { nodes } = subTopology
    const rowsOf = (node: AggregateNode) => {
      const store = this.#store('key-value', node.name) as ColumnStore
      return heldRowsOf(node, store, { subTopology, partition: options.id.partition })
    }
    this.#untilCommit = new UntilCommit(nodes, options.programs && rowsOf)
    const undoables = [...this.stores, this.#untilCommit]
    this.#passes = new Passes(options, undoables, this.#operatorTimes)
    this.#processors = buildProcessors(subTopology, this.#surroundings())
    this.#programs = new TaskPrograms(options, {
      store: (layout, name) => this.#store(layout, name),
      streamTime: (operator) => this.#operatorTimes.streamTime(operator),
      timePassed: (time) => this.#time.advanceTo(time),
      take: (taken) => this.#take(taken),
      batchDone: () => {
        if (this.#untilCommit.isFull) this.#release()
      },
    })
  }

  get state(): TaskState {
    return this.#state
  }

  moveTo(state: TaskState): void {
    this.#state = moveTask(this.name, this.#state, state)
  }

  /** Where to start reading each partition; called once, when the stores are restored, before the first `add`. */
  start(positions: readonly PartitionOffset[]): void {
    const { subTopology, drainedAt } = this.#options
    this.#queues.start(positions, subTopology.sources)
    // Without state nothing depends on the order of several topics.
    const waits = subTopology.stores.length > 0 ? drainedAt : undefined
    this.#group = new PartitionGroup(this.#queues.all, waits, (queue) =>
      this.#programs.headTime(queue),
    )
    this.#userProcessors.begin()
  }

  get partitions(): readonly TopicPartition[] {
    return this.#queues.partitions
  }

  add(fetched: FetchedPartition): void {
    this.#queues.add(fetched)
  }

  /** Goes on at an offset further on: what lies before it is gone. */
  skipTo(position: PartitionOffset): void {
    this.#queues.skipTo(position)
  }

  /** Works off what is buffered, as far as async functions keep up. Throws when a bad record must stop the job. */
  process(): void {
    this.deliver()
    if (this.#programs.areUsed) return this.#programs.process(this.#group)
    const takesAll = this.#pending.isUnused
    while (takesAll || this.#takesRecords) {
      const next = this.#group.take()
      if (next === undefined) return
      this.#take(next)
      if (this.#untilCommit.isFull) this.#release()
    }
  }

  /** The latest time of the records that it took, or to which time has gone on without them; -1 before the first. */
  get streamTime(): number {
    return this.#time.streamTime
  }

  /** From the changelog: stream time is not before what was known before. */
  restoreTime(timestamp: number): void {
    this.#time.advanceTo(timestamp)
  }

  /** Lets time go on where nothing comes, if it is to. Throws as `process`. */
  passIdly(): void {
    if (this.isBehind || this.isPending) return
    const { drainedAt } = this.#options
    const time = this.#time.passIdly(() =>
      Math.min(...this.partitions.map((partition) => drainedAt(partition) ?? -Infinity)),
    )
    if (time === undefined) return
    for (const { tick, listener } of this.#operatorTimes.ticks(time))
      this.#passes.pass(tick, { process: listener })
  }

  /** Lets the records go on whose async functions have answered; takes no others. Throws as `process`. */
  deliver(): void {
    for (;;) {
      const answered = this.#pending.takeAnswered()
      if (answered === undefined) return
      this.#passes.pass(answered.record, answered)
    }
  }

  /**
   * Calls the punctuators that are due by the wall clock; false if none was. Throws when one fails, whatever `onError` says.
   */
  punctuate(nowMs: number): boolean {
    return !this.#awaitsCommit && this.#call(() => this.#userProcessors.takeDueByWallClock(nowMs))
  }

  /** When `punctuate` has something to do, in milliseconds since the epoch; Infinity: not as things are. */
  get nextPunctuationMs(): number {
    return this.#awaitsCommit ? Infinity : this.#userProcessors.nextDueMs
  }

  /** Async node → records that are with its function, or wait there. */
  get pending(): PendingCalls['counts'] {
    return this.#pending.counts
  }

  get isPending(): boolean {
    return !this.#pending.isEmpty
  }

  /** True while more is fetched than is taken: async functions do not keep up, or it waits for another partition. */
  get isBehind(): boolean {
    return this.#group.queues.some(isBehind)
  }

  /** The partitions of which more is fetched than is taken. */
  get behind(): readonly TopicPartition[] {
    return this.#group.queues.filter(isBehind).map(({ partition }) => partition)
  }

  /** The partitions of which it must hear before it gets on. */
  get awaited(): readonly TopicPartition[] {
    return this.#group.awaited
  }

  /** True when `process` would get on without anything new fetched. */
  get isRipe(): boolean {
    return this.#pending.isRipe || (this.#takesRecords && this.#group.isReady)
  }

  /**
   * True if the task can be committed now. State and offsets must be of one moment: one with state, or `inTransaction`,
   * whose output is, takes no more records until all that it took are done; `isDue` tells when. Throws as `process`.
   */
  prepareCommit({ inTransaction = false } = {}): boolean {
    if (!this.isPending) this.#release()
    this.#awaitsCommit = (inTransaction || this.stores.length > 0) && this.isPending
    return !this.#awaitsCommit
  }

  /** Does what can be done without further records, as far as async functions have answered. Throws as `process`. */
  windUp(): void {
    this.deliver()
    if (!this.isPending) this.#release()
  }

  /** Takes no more records until the next `prepareCommit`: other tasks of the transaction are not done. */
  hold(): void {
    this.#awaitsCommit = true
  }

  /** True once a commit that had to wait can be made. */
  get isDue(): boolean {
    return this.#awaitsCommit && !this.isPending
  }

  /** Aborts what is under way and closes users' processors; for a task that is not committed any more. */
  cancel(): void {
    closeStores(this.part())
  }

  /** The same, but for the stores, as they were after the last commit: somebody goes on with them from their changelogs. */
  part(): TaskStores {
    this.#pending.cancel()
    this.#userProcessors.close()
    for (const store of this.stores) {
      store.rollback()
      store.forgetUnlogged?.()
    }
    return { ...this.#options.stores, streamTime: this.streamTime }
  }

  /** Positions that moved since they were last committed. None is past a record that an async function still has. */
  uncommitted(): readonly PartitionOffset[] {
    return this.#queues.uncommitted()
  }

  committedUpTo(offsets: readonly PartitionOffset[]): void {
    this.#queues.committedUpTo(offsets)
  }

  /** One changelog record for each key that changed since the last time. */
  stageChangelog(): void {
    stageChanges(this.stores, this.changelogs, this.#options.collector)
  }

  status(): TaskStatus {
    return {
      id: this.name,
      state: this.#state === 'Running' ? 'Running' : 'Restoring',
      partitions: this.#queues.status(),
      restoreRemaining: this.restoreRemaining,
    }
  }

  get #takesRecords(): boolean {
    return !this.#awaitsCommit && !this.#pending.isFull
  }

  /** A record without a right time is good for nothing else. */
  #take({ record, source, fault = this.#timeFault(record, source) }: Taken): void {
    if (fault === undefined) {
      this.#time.advanceTo(record.timestamp)
      return this.#processOne(record)
    }
    this.#options.tally.consumed++
    this.#passes.settle(record, fault, originalBytes(record))
    this.#options.collector.accept()
  }

  /** Where nothing goes by time, and where programs do most of the work, a record without one does no harm. */
  #timeFault(record: FlowRecord, { node, time }: Taken['source']): BadRecord | undefined {
    const goesByTime = this.#options.programs?.get(record.topic)?.goesByTime ?? true
    const isTimed = this.stores.length > 0 && goesByTime
    return time !== undefined || isTimed
      ? this.#time.faultOf(record, node, time?.maxAdvanceMs)
      : undefined
  }

  #processOne(record: FlowRecord): void {
    this.#options.tally.consumed++
    this.#userProcessors.observe(record.timestamp)
    const processor = this.#processors.get(record.topic)
    if (processor !== undefined) this.#passes.pass(record, processor)
    this.#call(() => this.#userProcessors.takeDueByStreamTime())
  }

  /** False when no punctuator was due. */
  #call(next: () => Due | undefined): boolean {
    const first = next()
    for (let due = first; due !== undefined; due = next()) this.#passes.pass(due.record, due)
    return first !== undefined
  }

  /** Lets go on what waits for the commit, each update by itself where no program writes them all. */
  #release(): void {
    this.#programs.release()
    for (const update of this.#untilCommit.release())
      this.#passes.pass(update.record, update, ownBytes)
  }

  #store<L extends keyof Stores>(layout: L, name: string): Stores[L] {
    const spec = this.#options.subTopology.stores.find((candidate) => candidate.name === name)
    if (spec?.kind !== layout) throw new Error(`task ${this.name} has no ${layout} store ${name}`)
    return this.stores.find((store) => store.name === name) as unknown as Stores[L]
  }

  #surroundings() {
    const { collector, applicationId, tally } = this.#options
    const partitionsOf = (topic: string) => collector.partitionsOf(topic)
    return {
      store: <L extends keyof Stores>(layout: L, name: string) => this.#store(layout, name),
      host: this.#userProcessors,
      later: (node: AsyncNode, goOn: GoOn) => this.#pending.open(node, goOn),
      alone: (forward: Forward) => (record: FlowRecord) => this.#passes.passAlone(record, forward),
      wayFrom: (node: TopologyNode, forward: Forward) => this.#untilCommit.wayFrom(node, forward),
      streamTime: (operator: string) => this.#operatorTimes.streamTime(operator),
      whenIdle: (node: string, listener: (tick: FlowRecord) => void) =>
        this.#operatorTimes.whenIdle(node, listener),
      entered: (node: string) => countEntered(tally, node),
      dropped: (node: string, reason: string) => countDropped(tally, node, reason),
      global: this.#options.global,
      sink: (to: SinkTarget, record: FlowRecord) =>
        collector.stage(leavingFor(to, record, partitionsOf)),
      repartition: (exit: RepartitionExit, record: FlowRecord) => {
        const leaving = leavingThrough(exit, record, { applicationId, partitionsOf })
        if (leaving !== undefined) collector.stage(leaving)
      },
    }
  }
}

const isBehind = ({ headBatch }: RecordQueue): boolean => headBatch !== undefined
