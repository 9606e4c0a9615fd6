import { InvalidJob } from '../errors.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { ProcessorHost, ProcessorLife, Punctuation } from '../processors/processor-host.ts'
import { type Due, Punctuations } from './punctuations.ts'
import { type TaskId, taskName } from './task-id.ts'

/** The users' processors of one task: when they begin and end, and what time it is for them. */
export class UserProcessors implements ProcessorHost {
  readonly taskId: string
  readonly partition: number
  readonly now: () => number
  readonly #log: Logger
  readonly #lives: { readonly node: string; readonly life: ProcessorLife }[] = []
  readonly #byStreamTime = new Punctuations()
  readonly #byWallClock = new Punctuations()
  #streamTime = -1

  constructor(around: { readonly id: TaskId; readonly clock: Clock; readonly log: Logger }) {
    const { id, clock, log } = around
    this.taskId = taskName(id)
    this.partition = id.partition
    this.now = () => clock.now()
    this.#log = log
  }

  readonly streamTime = (): number => this.#streamTime

  readonly attach = (node: string, life: ProcessorLife): void => {
    this.#lives.push({ node, life })
  }

  /** As in Kafka Streams, stream time counts from 0, so that the first record is late already; the clock counts from now. */
  readonly schedule = (punctuation: Punctuation): (() => void) =>
    punctuation.time === 'stream-time'
      ? this.#byStreamTime.add(punctuation, 0)
      : this.#byWallClock.add(punctuation, this.now() + punctuation.intervalMs)

  /** Throws `InvalidJob` when a processor cannot begin. */
  begin(): void {
    for (const { node, life } of this.#lives) {
      try {
        life.begin()
      } catch (error) {
        const why = (error as Error).stack ?? String(error)
        throw new InvalidJob([{ path: `step "${node}"`, message: `create failed: ${why}` }])
      }
    }
  }

  /** Once. One that fails is no reason to keep the others open. */
  close(): void {
    this.#byStreamTime.clear()
    this.#byWallClock.clear()
    for (const { node, life } of this.#lives.splice(0)) {
      try {
        life.close()
      } catch (error) {
        this.#log.warn('a processor failed to close', { step: node, task: this.taskId, error })
      }
    }
  }

  /** A record of that event time has come. */
  observe(timestamp: number): void {
    this.#streamTime = Math.max(this.#streamTime, timestamp)
  }

  takeDueByStreamTime(): Due | undefined {
    return this.#byStreamTime.takeDue(this.#streamTime)
  }

  takeDueByWallClock(nowMs: number): Due | undefined {
    return this.#byWallClock.takeDue(nowMs)
  }

  /** By the wall clock, in milliseconds since the epoch; Infinity: never. */
  get nextDueMs(): number {
    return this.#byWallClock.nextDue
  }
}
