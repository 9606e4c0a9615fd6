import type { BrokerAdmin } from '../broker/broker.ts'
import type { Clock } from '../platform/clock.ts'
import type { Counts } from './partition-counts.ts'

export interface TopicWatchOptions {
  readonly admin: BrokerAdmin
  readonly topics: readonly string[]
  /** Between two looks, in ms. */
  readonly everyMs: number
  readonly clock: Clock
}

/** Looks now and then how many partitions topics have, beside the loop of its worker. */
export class TopicWatch {
  readonly #options: TopicWatchOptions
  #lookedMs: number
  #isLooking = false
  #found: Counts | undefined

  constructor(options: TopicWatchOptions) {
    this.#options = options
    this.#lookedMs = options.clock.monotonic()
  }

  /** What was found since the last call, if anything; starts another look when it is due. */
  take(): Counts | undefined {
    const { clock, everyMs } = this.#options
    const found = this.#found
    this.#found = undefined
    if (!this.#isLooking && clock.monotonic() - this.#lookedMs >= everyMs) void this.#look()
    return found
  }

  async #look(): Promise<void> {
    const { admin, topics, clock } = this.#options
    this.#isLooking = true
    try {
      const found = await admin.describeTopics(topics)
      this.#found = new Map([...found].map(([name, { partitions }]) => [name, partitions]))
    } catch {
      // Whoever reads or writes them says so; the next look may succeed.
    }
    this.#lookedMs = clock.monotonic()
    this.#isLooking = false
  }
}
