import { BadRecord } from '../errors.ts'
import type { FlowRecord } from '../processors/flow-record.ts'
import type { Forward, Processor } from '../processors/processor.ts'
import { jsonSerde } from '../serde/json.ts'
import { type LetterBytes, stageDeadLetter } from './dead-letters.ts'
import { failureOf, fateOf } from './error-policy.ts'
import type { OperatorTimes } from './operator-times.ts'
import type { TaskOptions } from './task-options.ts'

/** Something that a record changes, and that is as it was before if the record fails. */
export interface Undoable {
  accept(): void
  /** How much there is to undo. */
  readonly mark: number
  /** Undoes all since the last `accept`, or since a mark. */
  rollback(mark?: number): void
}

type Options = Pick<
  TaskOptions,
  'collector' | 'tally' | 'onError' | 'deadLetterTopic' | 'job' | 'clock'
>

/** Takes records through processors, whole or not at all, and gives those that fail their fate. */
export class Passes {
  readonly #options: Options
  readonly #undoables: readonly Undoable[]
  readonly #times: OperatorTimes

  constructor(options: Options, undoables: readonly Undoable[], times: OperatorTimes) {
    this.#options = options
    this.#undoables = undoables
    this.#times = times
  }

  /** All that `processor` makes of the record, or nothing. Throws when a bad record must stop the job. */
  pass(record: FlowRecord, processor: Processor, bytesOf = originalBytes): void {
    const { collector } = this.#options
    try {
      processor.process(record)
      collector.accept()
      for (const one of this.#undoables) one.accept()
      this.#times.accept()
    } catch (error) {
      collector.discard()
      for (const one of this.#undoables) one.rollback()
      this.#times.rollback()
      if (!(error instanceof BadRecord)) throw error
      this.settle(record, error, bytesOf(record))
      collector.accept()
    }
  }

  /** What the job makes at a time of its own is judged by itself: its fault is not that of the record before. */
  passAlone(record: FlowRecord, forward: Forward): void {
    const { collector, onError } = this.#options
    const staged = collector.mark
    const marks = this.#undoables.map(({ mark }) => mark)
    try {
      forward(record)
    } catch (error) {
      collector.discard(staged)
      this.#undoables.forEach((one, index) => one.rollback(marks[index]))
      // One that stops the job says so where the record before is settled.
      const isFatal = fateOf(onError, record) === 'fail'
      if (isFatal || !(error instanceof BadRecord)) throw error
      this.settle(record, error, ownBytes(record))
    }
  }

  /** Lets the record meet its fate. */
  settle(record: FlowRecord, error: BadRecord, bytes: LetterBytes): void {
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
}

/** What is set aside of a record that came. */
export const originalBytes = (record: FlowRecord): LetterBytes => ({
  key: record.originalKey(),
  value: record.originalValue(),
})

/** What is set aside of one that the job made. */
export const ownBytes = (record: FlowRecord): LetterBytes => ({
  key: record.keyBytes(),
  value: record.valueBytes(jsonSerde),
})
