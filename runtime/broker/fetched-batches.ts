import { CorruptBatch } from './errors.ts'
import type { FetchResponsePart } from './kafka-fetch-request.ts'
import { onlyCommitted } from './read-committed.ts'
import { type RecordBatch, splitBatches } from './record-batch.ts'

export interface FetchedBatches {
  /** Without control batches and aborted transactions. */
  readonly batches: readonly RecordBatch[]
  /** Where to go on; the position itself when nothing was fetched. */
  readonly nextOffset: number
}

/**
 * What a consumer at `position` may see of a fetch. Every batch passes its CRC, those left out too: a damaged header must
 * not decide that records are skipped. Throws `CorruptBatch`.
 */
export function readFetched(part: FetchResponsePart, position: number): FetchedBatches {
  try {
    const all = splitBatches(part.records)
    const nextOffset = all.at(-1)?.nextOffset ?? position
    checkOrder(all)
    if (part.records.length > 0 && nextOffset <= position) {
      // Brokers send the first batch whole, so asking again would get the same.
      throw new CorruptBatch(`${part.records.length} bytes without a record batch to go on with`)
    }
    return { batches: onlyCommitted(all, part.aborted), nextOffset }
  } catch (error) {
    const { message } = error as Error
    throw new CorruptBatch(
      `${part.topic}-${part.partition}@${position}: ${message}. If a restart does not help, the log is damaged: ` +
        'let a sound replica lead the partition, or move the group past this offset',
      { cause: error },
    )
  }
}

function checkOrder(batches: readonly RecordBatch[]): void {
  let nextOffset = 0
  for (const batch of batches) {
    batch.ensureValid()
    // The base offset is outside the CRC.
    if (batch.baseOffset < nextOffset) {
      throw new CorruptBatch(
        `record batch at offset ${batch.baseOffset} after one that ends at ${nextOffset}`,
      )
    }
    nextOffset = batch.nextOffset
  }
}
