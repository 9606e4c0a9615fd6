import type { FetchedPartition, Fetcher } from '../../runtime/broker/broker.ts'
import { headersAt, keyAt, valueAt } from '../../runtime/broker/record-batch.ts'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { eventually } from './eventually.ts'

export interface SeenRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, string | null])[]
}

/** Records at or past the position, as a reader of `FetchedPartition` must take them. */
export function recordsOf({
  batches,
  position,
}: Omit<FetchedPartition, 'receivedAt'>): SeenRecord[] {
  return batches.flatMap((batch) => {
    const columns = batch.columns()
    return Array.from({ length: columns.count }, (_, index) => ({
      offset: batch.baseOffset + (columns.offsetDelta[index] ?? 0),
      timestamp: batch.timestamp(columns, index),
      key: keyAt(columns, index)?.toString() ?? null,
      value: valueAt(columns, index)?.toString() ?? null,
      headers: headersAt(columns, index).map(
        ([name, value]) => [name, value?.toString() ?? null] as const,
      ),
    })).filter(({ offset }) => offset >= position)
  })
}

/** Polls until so many records have come. */
export async function read(fetcher: Fetcher, count: number): Promise<SeenRecord[]> {
  const seen: SeenRecord[] = []
  await eventually(
    async () => {
      for (const fetched of await fetcher.poll(200)) seen.push(...recordsOf(fetched))
      if (seen.length < count) throw new Error(`saw ${seen.length} of ${count} records`)
    },
    { timeoutMs: 15_000, everyMs: 1 },
  )
  return seen
}

export function batchOf(values: readonly string[], first = 0): Buffer {
  const builder = new RecordBatchBuilder()
  values.forEach((value, index) =>
    builder.append(1000 + first + index, Buffer.from(`k${index}`), Buffer.from(value)),
  )
  return builder.build()
}
