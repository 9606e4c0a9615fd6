import type { FetchedPartition, PartitionOffset, TopicPartition } from '../broker/broker.ts'
import { partitionKey } from '../broker/partition-key.ts'
import type { RecordBatch } from '../broker/record-batch.ts'
import type { TaskStatus } from '../config.ts'
import { BadRecord } from '../errors.ts'
import { buildProcessors } from '../processors/build.ts'
import type { Program } from '../fused/program.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { FlowRecord } from '../processors/flow-record.ts'
import type { Forward, Processor } from '../processors/processor.ts'
import { jsonSerde } from '../serde/json.ts'
import type { GoOn, SinkTarget, Wiring } from '../processors/processor-of.ts'
import type { ColumnStore } from '../state/column-store.ts'
import { createStore } from '../state/create-store.ts'
import type { StateStore, Stores } from '../state/store.ts'
import type { AsyncNode } from '../topology/nodes.ts'
import type { RepartitionExit, SubTopology } from '../topology/sub-topologies.ts'
import { type LetterBytes, stageDeadLetter } from './dead-letters.ts'
import { failureOf, fateOf, type OnError } from './error-policy.ts'
import { leavingFor, leavingThrough } from './leaving.ts'
import { OperatorTimes } from './operator-times.ts'
import type { OutputCollector } from './output-collector.ts'
import { type DrainedAt, earliestBatch, PartitionGroup } from './partition-group.ts'
import { PendingCalls } from './pending-calls.ts'
import { RecordQueue, type Taken } from './record-queue.ts'
import { TaskTime } from './task-time.ts'
import { stageChanges } from './stage-changes.ts'
import type { Due } from './punctuations.ts'
import { countDropped, countEntered } from './tally.ts'
import { type TaskId, taskName } from './task-id.ts'
import { moveTask, type TaskState } from './task-state.ts'
import { UserProcessors } from './user-processors.ts'

/** Totals of one instance, shared by its tasks. */
export interface Tally {
  consumed: number
  skipped: number
  deadLettered: number
  readonly nodes: Record<string, number>
  /** Node → reason → records that it left out. */
  readonly dropped: Record<string, Record<string, number>>
}

export interface TaskOptions {
  readonly id: TaskId
  readonly subTopology: SubTopology
  readonly applicationId: string
  readonly job: string
  readonly onError: OnError
  readonly deadLetterTopic: string
  readonly collector: OutputCollector
  readonly tally: Tally
  /** The sub-topology as functions over batches, if it can be; the tasks of a worker share them. */
  readonly programs: ReadonlyMap<string, Program> | undefined
  /** For the time-outs of async functions, for users' processors and for the time of dead letters. */
  readonly clock: Clock
  /** As `TaskTimeOptions` has it. */
  readonly idleAfterMs?: number | undefined
  readonly drainedAt: DrainedAt
  readonly log: Logger
  /** An async function has answered: `process` has something to do. */
  readonly onAnswer: () => void
  /** The thread's copies of global tables. */
  readonly global: Wiring['global']
}

/** One sub-topology at work on one partition of each of its source topics. */
export class Task {
  readonly name: string
  readonly id: TaskId
  readonly stores: readonly StateStore[]
  restoreRemaining = 0
  readonly #options: TaskOptions
  readonly #queues = new Map<string, RecordQueue>()
  readonly #highWatermarks = new Map<string, number>()
  readonly #topicIds = new Map<string, string>()
  readonly #processors: ReadonlyMap<string, Processor>
  readonly #committed = new Map<string, number>()
  readonly #pending: PendingCalls
  readonly #time: TaskTime
  readonly #operatorTimes: OperatorTimes
  readonly #userProcessors: UserProcessors
  #group = new PartitionGroup([], undefined)
  #awaitsCommit = false
  #state: TaskState = 'Created'

  constructor(options: TaskOptions) {
    this.#options = options
    this.id = options.id
    this.name = taskName(options.id)
    this.stores = options.subTopology.stores.map(createStore)
    this.#pending = new PendingCalls(options)
    const { clock, idleAfterMs, subTopology } = options
    this.#time = new TaskTime({ clock, idleAfterMs })
    this.#operatorTimes = new OperatorTimes(subTopology, options.id.partition)
    this.#userProcessors = new UserProcessors(options)
    this.#processors = buildProcessors(subTopology, this.#surroundings())
  }

  get state(): TaskState {
    return this.#state
  }

  moveTo(state: TaskState): void {
    this.#state = moveTask(this.name, this.#state, state)
  }

  /** Where to start reading each partition; called once, when the stores are restored, before the first `add`. */
  start(positions: readonly PartitionOffset[]): void {
    for (const { topic, partition, offset, topicId } of positions) {
      const source = this.#options.subTopology.sources.find((s) => s.topic === topic)
      if (source === undefined) throw new Error(`task ${this.name} reads no topic ${topic}`)
      this.#queues.set(
        partitionKey({ topic, partition }),
        new RecordQueue({ topic, partition }, source, offset),
      )
      this.#committed.set(partitionKey({ topic, partition }), offset)
      if (topicId !== undefined) this.#topicIds.set(topic, topicId)
    }
    const { subTopology, drainedAt } = this.#options
    // Without state nothing depends on the order of several topics.
    const waits = subTopology.stores.length > 0 ? drainedAt : undefined
    this.#group = new PartitionGroup([...this.#queues.values()], waits)
    this.#userProcessors.begin()
  }

  get partitions(): readonly TopicPartition[] {
    return [...this.#queues.values()].map(({ partition }) => partition)
  }

  add(fetched: FetchedPartition): void {
    this.#queues.get(partitionKey(fetched))?.add(fetched)
    this.#highWatermarks.set(partitionKey(fetched), fetched.highWatermark)
    if (fetched.topicId !== undefined) this.#topicIds.set(fetched.topic, fetched.topicId)
  }

  /** Goes on at an offset further on: what lies before it is gone. */
  skipTo({ offset, ...partition }: PartitionOffset): void {
    this.#queues.get(partitionKey(partition))?.skipTo(offset)
  }

  /** Works off what is buffered, as far as async functions keep up. Throws when a bad record must stop the job. */
  process(): void {
    this.deliver()
    const { programs, collector } = this.#options
    // A program does not look at the size of each record that it writes.
    if (programs !== undefined && !collector.knowsLimits)
      return this.#processBatches(this.#group.queues, programs)
    const takesAll = this.#pending.isUnused
    while (takesAll || this.#takesRecords) {
      const next = this.#group.take()
      if (next === undefined) return
      this.#take(next)
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
      this.#pass(tick, { process: listener })
  }

  /** Lets the records go on whose async functions have answered; takes no others. Throws as `process`. */
  deliver(): void {
    for (;;) {
      const answered = this.#pending.takeAnswered()
      if (answered === undefined) return
      this.#pass(answered.record, answered)
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
   * whose output is, takes no more records until all that it took are done; `isDue` tells when.
   */
  prepareCommit({ inTransaction = false } = {}): boolean {
    this.#awaitsCommit = (inTransaction || this.stores.length > 0) && this.isPending
    return !this.#awaitsCommit
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
    this.#pending.cancel()
    this.#userProcessors.close()
  }

  /** Positions that moved since they were last committed. None is past a record that an async function still has. */
  uncommitted(): readonly PartitionOffset[] {
    return [...this.#queues].flatMap(([key, queue]) => {
      const offset = this.#doneUpTo(queue)
      if (offset <= (this.#committed.get(key) ?? -1)) return []
      const topicId = this.#topicIds.get(queue.partition.topic)
      return [{ ...queue.partition, offset, ...(topicId === undefined ? {} : { topicId }) }]
    })
  }

  committedUpTo(offsets: readonly PartitionOffset[]): void {
    for (const at of offsets) {
      if (this.#queues.has(partitionKey(at))) this.#committed.set(partitionKey(at), at.offset)
    }
  }

  /** One changelog record for each key that changed since the last time. */
  stageChangelog(): void {
    const { collector, subTopology, id } = this.#options
    stageChanges(this.stores, subTopology, { collector, partition: id.partition })
  }

  status(): TaskStatus {
    return {
      id: this.name,
      state: this.#state === 'Running' ? 'Running' : 'Restoring',
      partitions: [...this.#queues].map(([key, queue]) => ({
        ...queue.partition,
        position: this.#doneUpTo(queue),
        highWatermark: Math.max(this.#highWatermarks.get(key) ?? 0, queue.position),
      })),
      restoreRemaining: this.restoreRemaining,
    }
  }

  get #takesRecords(): boolean {
    return !this.#awaitsCommit && !this.#pending.isFull
  }

  #doneUpTo({ partition, position }: RecordQueue): number {
    return Math.min(position, this.#pending.firstOffset(partition.topic))
  }

  /** Of several topics the batch that begins earliest comes first: nothing here depends on a finer order. */
  #processBatches(queues: readonly RecordQueue[], programs: ReadonlyMap<string, Program>): void {
    for (let queue = earliestBatch(queues); queue !== undefined; queue = earliestBatch(queues)) {
      const { headBatch } = queue
      const program = programs.get(queue.partition.topic)
      if (headBatch === undefined || program === undefined) return
      this.#runProgram(program, queue, headBatch)
      queue.finishBatch()
    }
  }

  #runProgram(program: Program, queue: RecordQueue, batch: RecordBatch): void {
    const { collector, tally } = this.#options
    const { partition, position } = queue
    const settled = program.run(batch, {
      from: partition,
      position,
      sink: collector,
      interpret: (index) => this.#processOne(queue.recordAt(batch, index)),
      store: (name) => this.#store('key-value', name) as ColumnStore,
      entered: (node, count) => countEntered(tally, node, count),
    })
    tally.consumed += settled
  }

  /** A record without a right time is good for nothing else. */
  #take({ record, source, fault = this.#timeFault(record, source) }: Taken): void {
    if (fault === undefined) {
      this.#time.advanceTo(record.timestamp)
      return this.#processOne(record)
    }
    this.#options.tally.consumed++
    this.#settle(record, fault, { key: record.originalKey(), value: record.originalValue() })
    this.#options.collector.accept()
  }

  /** Where nothing goes by time, and where programs do most of the work, a record without one does no harm. */
  #timeFault(record: FlowRecord, { node, time }: Taken['source']): BadRecord | undefined {
    const { programs } = this.#options
    const isTimed = this.stores.length > 0 && programs === undefined
    return time !== undefined || isTimed
      ? this.#time.faultOf(record, node, time?.maxAdvanceMs)
      : undefined
  }

  #processOne(record: FlowRecord): void {
    this.#options.tally.consumed++
    this.#userProcessors.observe(record.timestamp)
    const processor = this.#processors.get(record.topic)
    if (processor !== undefined) this.#pass(record, processor)
    this.#call(() => this.#userProcessors.takeDueByStreamTime())
  }

  /** False when no punctuator was due. */
  #call(next: () => Due | undefined): boolean {
    const first = next()
    for (let due = first; due !== undefined; due = next()) this.#pass(due.record, due)
    return first !== undefined
  }

  /** All that `processor` makes of the record, or nothing. */
  #pass(record: FlowRecord, processor: Processor): void {
    const { collector } = this.#options
    try {
      processor.process(record)
      collector.accept()
      for (const store of this.stores) store.accept()
      this.#operatorTimes.accept()
    } catch (error) {
      collector.discard()
      for (const store of this.stores) store.rollback()
      this.#operatorTimes.rollback()
      if (!(error instanceof BadRecord)) throw error
      this.#settle(record, error, { key: record.originalKey(), value: record.originalValue() })
      collector.accept()
    }
  }

  /** What the job makes at a time of its own is judged by itself: its fault is not that of the record before. */
  #passAlone(record: FlowRecord, forward: Forward): void {
    const { collector } = this.#options
    const staged = collector.mark
    const marks = this.stores.map(({ mark }) => mark)
    try {
      forward(record)
    } catch (error) {
      collector.discard(staged)
      this.stores.forEach((store, index) => store.rollback(marks[index]))
      if (!(error instanceof BadRecord)) throw error
      this.#settle(record, error, { key: record.keyBytes(), value: record.valueBytes(jsonSerde) })
    }
  }

  #settle(record: FlowRecord, error: BadRecord, bytes: LetterBytes): void {
    const { onError, collector, tally, deadLetterTopic: topic, job, clock } = this.#options
    switch (fateOf(onError, record)) {
      case 'fail':
        throw failureOf(record, error)
      case 'skip':
        tally.skipped++
        return
      case 'dead-letter':
        tally.deadLettered++
        stageDeadLetter(record, error, { topic, job, collector, now: clock.now(), ...bytes })
    }
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
      alone: (forward: Forward) => (record: FlowRecord) => this.#passAlone(record, forward),
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
