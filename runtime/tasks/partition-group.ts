import type { TopicPartition } from '../broker/broker.ts'
import type { RecordQueue, Taken } from './record-queue.ts'

/** As `Fetcher` has it. */
export type DrainedAt = (partition: TopicPartition) => number | undefined

/**
 * What is buffered of the partitions of one task, and which record is next: of all heads the one that is earliest in event
 * time. A task that joins waits, as in KIP-695, for a partition of which nothing is buffered until a broker has said, since
 * the next record was there, that there is nothing: else the order in which topics happen to be read would decide what
 * meets. It never waits for records that nobody has written.
 */
export class PartitionGroup {
  readonly queues: readonly RecordQueue[]
  readonly #drainedAt: DrainedAt | undefined
  /** The latest word on each partition: what was true at a time stays true of it. */
  readonly #known = new Map<RecordQueue, number>()

  /** `drainedAt` unset: it waits for none. */
  constructor(queues: readonly RecordQueue[], drainedAt: DrainedAt | undefined) {
    this.queues = queues
    this.#drainedAt = drainedAt
  }

  /** True when `take` has something to give. */
  get isReady(): boolean {
    return this.#next() !== undefined
  }

  /** The partitions for which the next record waits. */
  get awaited(): readonly TopicPartition[] {
    const earliest = this.#earliest()
    if (earliest === undefined) return []
    return this.queues
      .filter((queue) => this.#isAwaitedBy(earliest, queue))
      .map(({ partition }) => partition)
  }

  take(): Taken | undefined {
    return this.#next()?.take()
  }

  #next(): RecordQueue | undefined {
    const earliest = this.#earliest()
    if (earliest === undefined || this.#drainedAt === undefined) return earliest
    // Asked for each record.
    for (const queue of this.queues) if (this.#isAwaitedBy(earliest, queue)) return undefined
    return earliest
  }

  #earliest(): RecordQueue | undefined {
    let earliest: RecordQueue | undefined
    let earliestTime = Infinity
    for (const queue of this.queues) {
      const time = queue.headTimestamp
      if (time === undefined || (earliest !== undefined && time >= earliestTime)) continue
      earliest = queue
      earliestTime = time
    }
    return earliest
  }

  #isAwaitedBy({ headReceivedAt }: RecordQueue, queue: RecordQueue): boolean {
    if (this.#drainedAt === undefined || queue.headBatch !== undefined) return false
    return !this.#wasDrainedAt(queue, headReceivedAt)
  }

  #wasDrainedAt(queue: RecordQueue, time: number): boolean {
    if ((this.#known.get(queue) ?? -Infinity) >= time) return true
    const drainedAt = this.#drainedAt?.(queue.partition) ?? -Infinity
    if (drainedAt > (this.#known.get(queue) ?? -Infinity)) this.#known.set(queue, drainedAt)
    return drainedAt >= time
  }
}

/** The partition whose next batch begins earliest in event time; undefined when nothing is left. */
export function earliestBatch(queues: readonly RecordQueue[]): RecordQueue | undefined {
  let earliest: RecordQueue | undefined
  for (const queue of queues) {
    const time = queue.headBatch?.baseTimestamp ?? Infinity
    if (time < (earliest?.headBatch?.baseTimestamp ?? Infinity)) earliest = queue
  }
  return earliest
}
