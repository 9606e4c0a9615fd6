import type { PartitionOffset } from '../broker/broker.ts'
import { partitionKey } from '../broker/partition-key.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import type { WorkerOptions } from './worker-options.ts'

type PurgeOptions = Pick<WorkerOptions, 'broker' | 'config' | 'subTopologies' | 'clock' | 'log'>

/** The topics in which sub-topologies hand records to each other: nobody else reads them, and they keep everything until it is removed. */
const repartitionTopicsOf = (subTopologies: readonly SubTopology[]): ReadonlySet<string> =>
  new Set(
    subTopologies.flatMap(({ sources }) =>
      sources.flatMap(({ topic, repartition }) => (repartition === undefined ? [] : [topic])),
    ),
  )

/** Removes from the job's own topics what it has processed, as Kafka Streams does, now and then and beside all else. */
export class Purge {
  readonly #options: PurgeOptions
  readonly #topics: ReadonlySet<string>
  /** Up to where nobody will read again. */
  readonly #committed = new Map<string, PartitionOffset>()
  #lastMs: number
  #isUnderWay = false
  #failure: string | undefined

  constructor(options: PurgeOptions) {
    this.#options = options
    this.#topics = repartitionTopicsOf(options.subTopologies)
    this.#lastMs = options.clock.monotonic()
  }

  /** The group has committed these offsets. */
  afterCommit(offsets: readonly PartitionOffset[]): void {
    const { config, clock } = this.#options
    for (const offset of offsets)
      if (this.#topics.has(offset.topic)) this.#committed.set(partitionKey(offset), offset)
    const now = clock.monotonic()
    if (
      this.#isUnderWay ||
      this.#committed.size === 0 ||
      now - this.#lastMs < config.repartitionPurgeMs
    )
      return
    this.#lastMs = now
    const before = [...this.#committed.values()]
    this.#committed.clear()
    void this.#purge(before)
  }

  async #purge(before: readonly PartitionOffset[]): Promise<void> {
    this.#isUnderWay = true
    try {
      await this.#options.broker.admin.deleteRecords(before)
      this.#failure = undefined
    } catch (error) {
      this.#warn((error as Error).message)
      for (const offset of before)
        if (!this.#committed.has(partitionKey(offset)))
          this.#committed.set(partitionKey(offset), offset)
    } finally {
      this.#isUnderWay = false
    }
  }

  /** Once, as long as it is the same: everything else goes on. */
  #warn(why: string): void {
    if (this.#failure === why) return
    this.#failure = why
    this.#options.log.warn(
      "cannot remove what is processed from repartition topics, so that they grow: the job's user needs Delete on them",
      { why },
    )
  }
}
