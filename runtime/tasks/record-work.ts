import { BadRecord } from '../errors.ts'
import { asBadRecord } from '../processors/build.ts'
import type { FlowRecord } from '../processors/flow-record.ts'
import type { Forward, Processor } from '../processors/processor.ts'
import type { OutputCollector } from './output-collector.ts'

/** What a record changes, and what is as before if it fails. */
export interface Undoable {
  accept(): void
  rollback(): void
}

export interface RecordWorkOptions {
  readonly collector: OutputCollector
  readonly parts: readonly Undoable[]
  /** Decides what becomes of a bad record; `isMade` of one that is a result of the job's own. May throw. */
  readonly settle: (record: FlowRecord, error: BadRecord, isMade: boolean) => void
}

/** All that comes of a record, or nothing. */
export class RecordWork {
  readonly #options: RecordWorkOptions
  /** Records that others have set off, each with where it goes. */
  #setOff: { readonly node: string; readonly record: FlowRecord; readonly forward: Forward }[] = []

  constructor(options: RecordWorkOptions) {
    this.#options = options
  }

  /** Throws when a bad record must stop the job. */
  pass(record: FlowRecord, processor: Processor): void {
    this.#attempt(record, processor, false)
    if (this.#setOff.length === 0) return
    // Grows while it is gone through: what was set off may set off more.
    for (const { node, record: result, forward } of this.#setOff)
      this.#attempt(result, guarded(node, forward), true)
    this.#setOff = []
  }

  /** For a record that goes on from a node by itself once the present one is done. */
  afterwards(node: string, record: FlowRecord, forward: Forward): void {
    this.#setOff.push({ node, record, forward })
  }

  #attempt(record: FlowRecord, processor: Processor, isMade: boolean): void {
    const { collector, parts, settle } = this.#options
    const before = this.#setOff.length
    try {
      processor.process(record)
      collector.accept()
      for (const part of parts) part.accept()
    } catch (error) {
      collector.discard()
      for (const part of parts) part.rollback()
      this.#setOff.length = before
      if (!(error instanceof BadRecord)) throw error
      settle(record, error, isMade)
    }
  }
}

const guarded = (node: string, forward: Forward): Processor => ({
  process(record) {
    try {
      forward(record)
    } catch (error) {
      throw asBadRecord(error, node)
    }
  },
})
