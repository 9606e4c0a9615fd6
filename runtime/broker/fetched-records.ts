import type { FetchedPartition } from './broker.ts'
import { type Header, headersAt, keyAt, valueAt } from './record-batch.ts'

/** A record as it lies in its topic. */
export interface FetchedRecord {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
}

/** One object a record, from the position on: for people and tests, who look at few. */
export function recordsOf({ partition, position, batches }: FetchedPartition): FetchedRecord[] {
  return batches.flatMap((batch) => {
    const columns = batch.columns()
    return Array.from({ length: columns.count }, (_, index) => ({
      partition,
      offset: batch.baseOffset + (columns.offsetDelta[index] ?? 0),
      timestamp: batch.timestamp(columns, index),
      key: keyAt(columns, index),
      value: valueAt(columns, index),
      headers: headersAt(columns, index),
    })).filter(({ offset }) => offset >= position)
  })
}
