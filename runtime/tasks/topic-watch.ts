import type { Counts } from './partition-counts.ts'
import type { WorkerOptions } from './worker-options.ts'

type TopicWatchOptions = Pick<WorkerOptions, 'broker' | 'externalTopics' | 'config' | 'clock'>

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
    const { clock, config } = this.#options
    const found = this.#found
    this.#found = undefined
    const age = clock.monotonic() - this.#lookedMs
    if (!this.#isLooking && age >= config.metadataMaxAgeMs) void this.#look()
    return found
  }

  async #look(): Promise<void> {
    const { broker, externalTopics, clock } = this.#options
    this.#isLooking = true
    try {
      const found = await broker.admin.describeTopics(externalTopics)
      this.#found = new Map([...found].map(([name, { partitions }]) => [name, partitions]))
    } catch {
      // Whoever reads or writes them says so; the next look may succeed.
    }
    this.#lookedMs = clock.monotonic()
    this.#isLooking = false
  }
}
