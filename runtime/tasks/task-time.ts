import { BadRecord } from '../errors.ts'
import type { Clock } from '../platform/clock.ts'
import type { FlowRecord } from '../processors/flow-record.ts'
import { negativeTime } from './event-time.ts'

export interface TaskTimeOptions {
  readonly clock: Clock
  /** How long the task must have had nothing to read before time goes on without records; unset: never. */
  readonly idleAfterMs: number | undefined
}

/** Stream time of a task: the latest time of the records that it took. */
export class TaskTime {
  readonly #options: TaskTimeOptions
  #streamTime = -1
  /** When the last record was taken, by the clock, and where stream time stood then. */
  #last: { readonly at: number; readonly streamTime: number } | undefined

  constructor(options: TaskTimeOptions) {
    this.#options = options
  }

  /** Milliseconds since the epoch; -1 before the first record. */
  get streamTime(): number {
    return this.#streamTime
  }

  /** Time moves on to that of a record that is taken, or of one that was before a restart. */
  advanceTo(time: number): void {
    if (time > this.#streamTime) this.#streamTime = time
    this.#last = undefined
  }

  /** What is wrong with the time of a record; `source` is the node that it came in by. */
  faultOf(
    { timestamp }: FlowRecord,
    source: string,
    maxAdvanceMs = Infinity,
  ): BadRecord | undefined {
    if (timestamp < 0) return negativeTime(timestamp, source)
    if (this.#streamTime < 0 || timestamp <= this.#streamTime + maxAdvanceMs) return undefined
    // What is not in the future cannot be a mistake of that kind: after a quiet time the job must go on.
    if (timestamp <= this.#options.clock.now() + maxAdvanceMs) return undefined
    return new BadRecord(
      'TimeTooFarAhead',
      source,
      `the record's time ${text(timestamp)} is more than maxTimeAdvance, ${maxAdvanceMs} ms, ahead of what came before it, ${text(this.#streamTime)}, and of the clock`,
    )
  }

  /**
   * Called now and then while the task has nothing to take; `drainedAt` is when, by the monotonic clock, it was last known
   * that there is nothing. The time to which stream time has gone on with the clock; undefined while it waits.
   */
  passIdly(drainedAt: () => number): number | undefined {
    const { clock, idleAfterMs } = this.#options
    if (idleAfterMs === undefined || this.#streamTime < 0) return undefined
    this.#last ??= { at: clock.monotonic(), streamTime: this.#streamTime }
    if (clock.monotonic() - this.#last.at < idleAfterMs) return undefined
    const idleMs = Math.floor(drainedAt() - this.#last.at)
    const time = this.#last.streamTime + idleMs
    if (idleMs < idleAfterMs || time <= this.#streamTime) return undefined
    this.#streamTime = time
    return time
  }
}

const text = (time: number): string => new Date(time).toISOString()
