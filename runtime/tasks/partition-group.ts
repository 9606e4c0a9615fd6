import type { TopicPartition } from '../broker/broker.ts'
import type { RecordQueue, Taken } from './record-queue.ts'

/** Records of one partition that come one after the other. */
interface Run {
  readonly queue: RecordQueue
  /** Those of its next batch come before all others as long as they are not later than this. */
  readonly until: number
}

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
  readonly #timeOf: (queue: RecordQueue) => number | undefined
  /** The latest word on each partition: what was true at a time stays true of it. */
  readonly #known = new Map<RecordQueue, number>()

  /** `drainedAt` unset: it waits for none. `timeOf`: how the event time of a next record is found out. */
  constructor(
    queues: readonly RecordQueue[],
    drainedAt: DrainedAt | undefined,
    timeOf: (queue: RecordQueue) => number | undefined = headTime,
  ) {
    this.queues = queues
    this.#drainedAt = drainedAt
    this.#timeOf = timeOf
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

  /** The same for who takes several at once. */
  nextRun(): Run | undefined {
    const queue = this.#next()
    return queue === undefined ? undefined : { queue, until: this.#until(queue) }
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
      const time = this.#timeOf(queue)
      if (time === undefined || (earliest !== undefined && time >= earliestTime)) continue
      earliest = queue
      earliestTime = time
    }
    return earliest
  }

  /** Of two of the same time the earlier partition's comes first. */
  #until(queue: RecordQueue): number {
    let until = Infinity
    let isBefore = true
    for (const other of this.queues) {
      if (other === queue) isBefore = false
      else until = Math.min(until, (this.#timeOf(other) ?? Infinity) - Number(isBefore))
    }
    return until
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

const headTime = ({ headTimestamp }: RecordQueue): number | undefined => headTimestamp

/** The partition whose next batch begins earliest in event time; undefined when nothing is left. */
export function earliestBatch(queues: readonly RecordQueue[]): RecordQueue | undefined {
  let earliest: RecordQueue | undefined
  for (const queue of queues) {
    const time = queue.headBatch?.baseTimestamp ?? Infinity
    if (time < (earliest?.headBatch?.baseTimestamp ?? Infinity)) earliest = queue
  }
  return earliest
}
