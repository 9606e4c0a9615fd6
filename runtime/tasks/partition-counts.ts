import type { TopicPartition } from '../broker/broker.ts'
import { RepartitionRequired } from '../errors.ts'
import { internalTopicsOf } from '../topology/internal-topics.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import type { TopicWatch } from './topic-watch.ts'
import type { WorkerOptions } from './worker-options.ts'

export type Counts = ReadonlyMap<string, number>

/** What partitions say about their topics: that they have at least as many. */
export function countsIn(partitions: readonly TopicPartition[]): Counts {
  const counts = new Map<string, number>()
  for (const { topic, partition } of partitions)
    counts.set(topic, Math.max(counts.get(topic) ?? 0, partition + 1))
  return counts
}

/**
 * How many partitions the topics of a job have, as far as this worker knows. They may grow under a running job, as long as
 * its own topics need not grow with them: what lies in those went by the old counts.
 */
export class PartitionCounts {
  readonly #subTopologies: readonly SubTopology[]
  readonly #watch: TopicWatch
  #current: Counts

  constructor(
    { subTopologies, partitionCounts }: Pick<WorkerOptions, 'subTopologies' | 'partitionCounts'>,
    watch: TopicWatch,
  ) {
    this.#subTopologies = subTopologies
    this.#current = partitionCounts
    this.#watch = watch
  }

  /** The same object until a topic has grown. */
  get current(): Counts {
    return this.#current
  }

  get(topic: string): number | undefined {
    return this.#current.get(topic)
  }

  /** True when a look has just found more partitions. Throws as `grow` does. */
  haveGrown(): boolean {
    const before = this.#current
    this.grow(this.#watch.take() ?? new Map())
    return this.#current !== before
  }

  /** Takes note of what others have seen. Throws `RepartitionRequired` when the job cannot go on with it. */
  grow(seen: Counts): void {
    const next = this.#grown([seen])
    if (next === this.#current) return
    const stuck = this.#internalTopicsOutgrown(next)
    if (stuck.length > 0) throw new RepartitionRequired(stuck)
    this.#current = next
  }

  /** What a whole group goes by when its members have seen these; the present counts while the job cannot follow. */
  agreed(seen: readonly Counts[]): Counts {
    const next = this.#grown(seen)
    try {
      return this.#internalTopicsOutgrown(next).length > 0 ? this.#current : next
    } catch {
      // Inputs that must stay alike have grown apart: each member says so itself, by `grow`.
      return this.#current
    }
  }

  #grown(seen: readonly Counts[]): Counts {
    const grown = new Map(this.#current)
    for (const [topic, count] of seen.flatMap((counts) => [...counts])) {
      const known = grown.get(topic)
      if (known !== undefined && count > known) grown.set(topic, count)
    }
    const hasGrown = [...grown].some(([topic, count]) => count !== this.#current.get(topic))
    return hasGrown ? grown : this.#current
  }

  #internalTopicsOutgrown(next: Counts) {
    const needed = internalTopicsOf(this.#subTopologies, next)
    return needed.flatMap(({ name, partitions }) => {
      const has = this.#current.get(name) ?? partitions
      return has === partitions ? [] : [{ topic: name, has, needs: partitions }]
    })
  }
}
