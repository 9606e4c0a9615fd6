import type {
  GroupMember,
  PartitionOffset,
  Producer,
  TransactionalProducer,
} from '../broker/broker.ts'
import {
  CommitRejected,
  ProducerFenced,
  RecordTooLarge,
  TransactionFailed,
} from '../broker/errors.ts'
import { commitIntervalMs } from '../config.ts'
import type { OutputCollector } from './output-collector.ts'
import type { Task } from './task.ts'
import type { TaskManager } from './task-manager.ts'
import { abortOnLeaving } from './transactions.ts'
import type { WorkerOptions } from './worker-options.ts'

export interface CommitParts {
  readonly tasks: TaskManager
  readonly collector: OutputCollector
  readonly producer: Producer
  /** The producer, where what it sends takes effect together with the offsets. */
  readonly transaction: TransactionalProducer | undefined
  readonly member: GroupMember
  /** Of these tasks all is committed that they have done; `offsets` are those that have moved. */
  readonly onCommitted: (tasks: readonly Task[], offsets: readonly PartitionOffset[]) => void
}

/** When a worker commits, and what becomes of it when it cannot: tasks then start again from the last commit. */
export class Commits {
  readonly #options: Pick<WorkerOptions, 'config' | 'clock' | 'log'>
  readonly #parts: CommitParts
  #lastMs: number
  #limitsLearnedMs = 0
  #isSetBack = false
  #mustTakeOver: boolean
  #memberId = ''

  constructor(options: Pick<WorkerOptions, 'config' | 'clock' | 'log'>, parts: CommitParts) {
    this.#options = options
    this.#parts = parts
    this.#lastMs = options.clock.monotonic()
    this.#mustTakeOver = parts.transaction !== undefined
  }

  /** Milliseconds until the next commit. */
  get msLeft(): number {
    const { config, clock } = this.#options
    return Math.max(0, this.#lastMs + commitIntervalMs(config) - clock.monotonic())
  }

  get isDue(): boolean {
    return this.msLeft === 0 || this.#parts.tasks.all.some((task) => task.isDue)
  }

  /** All tasks were closed, to start again at what is committed; until `goOn`. */
  get isSetBack(): boolean {
    return this.#isSetBack
  }

  /** Nothing may be written before `takeOver`, nor that be called before the group has taken us for a member. */
  get mustTakeOver(): boolean {
    return this.#mustTakeOver
  }

  /** `memberId`: what tasks do from now on, they do as this member of the group. */
  goOn(memberId: string): void {
    this.#memberId = memberId
    this.#isSetBack = false
  }

  async takeOver(): Promise<void> {
    if (this.#mustTakeOver) await this.#parts.transaction?.takeOver()
    this.#mustTakeOver = false
  }

  /** Commits what can be committed now. Throws what the job cannot get over. */
  async commit(): Promise<void> {
    const { clock, config } = this.#options
    const { tasks, collector, transaction } = this.#parts
    this.#lastMs = clock.monotonic()
    if (this.#lastMs - this.#limitsLearnedMs > config.metadataMaxAgeMs) collector.forgetLimits()
    const ready = transaction === undefined ? tasks.ready() : tasks.allReady()
    if (ready === undefined) return
    try {
      await commitTasks(ready, { ...this.#parts, memberId: this.#memberId })
    } catch (error) {
      await this.#retreat(error as Error)
    }
  }

  /** Drops what is not committed: the group has gone on without us. */
  async loseAll(): Promise<void> {
    if (this.#parts.tasks.all.length === 0) return
    const why = 'the group has gone on without this member for a while'
    this.#loseAll({ code: 'UNKNOWN_MEMBER_ID', message: why })
    await this.#abort()
  }

  /** Part of a transaction would be offsets without what else the records made: it is aborted. */
  async dropUnfinished(): Promise<void> {
    const { tasks, transaction } = this.#parts
    if (transaction === undefined || !tasks.all.some(({ isPending }) => isPending)) return
    this.#setBack('async functions have not answered in time')
    await this.#abort()
  }

  async leave(): Promise<void> {
    const { transaction } = this.#parts
    if (transaction !== undefined) await abortOnLeaving(transaction, this.#options.clock)
  }

  async #retreat(error: Error): Promise<void> {
    if (error instanceof ProducerFenced) return this.#fenced(error)
    if (error instanceof CommitRejected) this.#loseAll(error)
    else if (error instanceof RecordTooLarge && this.#parts.collector.learn(error))
      this.#lookFor(error)
    else if (error instanceof TransactionFailed) this.#setBack(error.message)
    else throw error
    await this.#abort()
  }

  async #abort(): Promise<void> {
    try {
      await this.#parts.transaction?.abort()
    } catch (error) {
      if (!(error instanceof ProducerFenced)) throw error
      this.#fenced(error)
    }
  }

  /** Which record it came from is not known any more: from the last commit on each is looked at as it is written. */
  #lookFor({ message }: RecordTooLarge): void {
    this.#limitsLearnedMs = this.#options.clock.monotonic()
    this.#setBack(message)
  }

  #setBack(why: string): void {
    this.#options.log.warn('begins anew at the last commit', { why })
    this.#isSetBack = true
    this.#closeAll()
  }

  /** The group is to tell whether we go on, or another process under our name. */
  #fenced(error: ProducerFenced): void {
    this.#mustTakeOver = true
    this.#loseAll(error)
  }

  #loseAll({ code, message: why }: Pick<CommitRejected, 'code' | 'message'>): void {
    const { log } = this.#options
    log.warn('lost all tasks: others may have them by now', { code, why })
    this.#closeAll()
  }

  /** What we hold in memory is no longer the truth. */
  #closeAll(): void {
    this.#parts.collector.clear()
    this.#parts.tasks.closeAll()
  }
}

/**
 * In this order: changed state to the changelogs, everything produced acknowledged, then the offsets. If the process dies
 * on the way, records are processed again and none is lost; with a transaction, what they made the first time is aborted.
 */
async function commitTasks(
  tasks: readonly Task[],
  parts: CommitParts & { readonly memberId: string },
): Promise<void> {
  const { collector, producer, transaction, member, memberId, onCommitted } = parts
  const offsets = tasks.flatMap((task) => task.uncommitted())
  for (const task of tasks) task.stageChangelog()
  collector.send()
  await producer.flush()
  if (offsets.length > 0) await member.commit(offsets, { transaction, memberId })
  await transaction?.commit()
  for (const task of tasks) task.committedUpTo(offsets)
  onCommitted(tasks, offsets)
}
