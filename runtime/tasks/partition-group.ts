import type { TopicPartition } from '../broker/broker.ts'
import type { FlowRecord } from '../processors/flow-record.ts'
import type { RecordQueue } from './record-queue.ts'

/** When a broker last said that nothing lies behind what was read of a partition; undefined while something may. */
export type CaughtUpAt = (partition: TopicPartition) => number | undefined

/**
 * What is buffered of the partitions of one task, and which record is next: of all heads the one that is earliest in event
 * time. A task that joins waits, as in KIP-695, for a partition of which nothing is buffered until a broker has said, since
 * the next record was there, that there is nothing: else the order in which topics happen to be read would decide what
 * meets. It never waits for records that nobody has written.
 */
export class PartitionGroup {
  readonly queues: readonly RecordQueue[]
  readonly #caughtUpAt: CaughtUpAt | undefined
  /** The latest word on each partition: what was true at a time stays true of it. */
  readonly #known = new Map<RecordQueue, number>()

  /** `caughtUpAt` unset: it waits for none. */
  constructor(queues: readonly RecordQueue[], caughtUpAt: CaughtUpAt | undefined) {
    this.queues = queues
    this.#caughtUpAt = caughtUpAt
  }

  /** True when `take` has something to give. */
  get isReady(): boolean {
    return this.#next() !== undefined
  }

  take(): FlowRecord | undefined {
    return this.#next()?.take()
  }

  #next(): RecordQueue | undefined {
    let earliest: RecordQueue | undefined
    let earliestTime = Infinity
    let isComplete = true
    for (const queue of this.queues) {
      const time = queue.headTimestamp
      if (time === undefined) isComplete = false
      if (time === undefined || (earliest !== undefined && time >= earliestTime)) continue
      earliest = queue
      earliestTime = time
    }
    if (isComplete || earliest === undefined) return earliest
    return this.#mayGoAhead(earliest) ? earliest : undefined
  }

  #mayGoAhead({ headReceivedAt }: RecordQueue): boolean {
    if (this.#caughtUpAt === undefined) return true
    const waited = this.queues.filter((queue) => queue.headBatch === undefined)
    return waited.every((queue) => this.#isDrainedAt(queue, headReceivedAt))
  }

  #isDrainedAt(queue: RecordQueue, time: number): boolean {
    if ((this.#known.get(queue) ?? -Infinity) >= time) return true
    const caughtUpAt = this.#caughtUpAt?.(queue.partition) ?? -Infinity
    this.#known.set(queue, caughtUpAt)
    return caughtUpAt >= time
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
