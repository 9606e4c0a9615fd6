import type { PartitionOffset } from '../broker/broker.ts'
import { OffsetOutOfRange } from '../broker/errors.ts'
import type { Loss, RuntimeConfig } from '../config.ts'
import { DataLoss } from '../errors.ts'
import type { Logger } from '../platform/logger.ts'

const GO_ON = 'at the first record left, and counts the others'
/** What is shown one by one; the count goes on. */
const MAX_SHOWN = 16

/** Records that were gone before a worker had read them. */
export class Losses {
  readonly #onDataLoss: RuntimeConfig['onDataLoss']
  readonly #log: Logger
  #shown: readonly Loss[] = []
  #offsets = 0

  constructor(onDataLoss: RuntimeConfig['onDataLoss'], log: Logger) {
    this.#onDataLoss = onDataLoss
    this.#log = log
  }

  /** The latest. */
  get shown(): readonly Loss[] {
    return this.#shown
  }

  /** Offsets in all: a topic that is compacted had fewer records. */
  get offsets(): number {
    return this.#offsets
  }

  /** The first offset left behind what an error of a poll says is gone. Throws it when that is not what it says. */
  passOver(error: unknown): PartitionOffset {
    if (!(error instanceof OffsetOutOfRange) || error.offset >= error.log.start) throw error
    if (this.#onDataLoss === 'Fail') throw new DataLoss(error.message, GO_ON, { cause: error })
    const { topic, partition, offset: from, log } = error
    this.#log.warn('records are lost', { why: error.message })
    this.#shown = [...this.#shown, { topic, partition, from, to: log.start - 1 }].slice(-MAX_SHOWN)
    this.#offsets += log.start - from
    return { topic, partition, offset: log.start }
  }
}
