import type { RecordQueue, Taken } from './record-queue.ts'

/** Takes the next record of a task: of all its partitions the one whose head is earliest in event time. */
export function takeEarliest(queues: readonly RecordQueue[]): Taken | undefined {
  let earliest: RecordQueue | undefined
  let earliestTime = Infinity
  for (const queue of queues) {
    const time = queue.headTimestamp
    if (time === undefined || (earliest !== undefined && time >= earliestTime)) continue
    earliest = queue
    earliestTime = time
  }
  return earliest?.take()
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
