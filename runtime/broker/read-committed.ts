import type { AbortedTransaction } from './kafka-fetch-request.ts'
import { keyAt, type RecordBatch } from './record-batch.ts'

const ABORT = 0

/**
 * Leaves out control batches and aborted transactions, as Java's consumer does: a transaction counts as aborted from its
 * first offset until its abort marker. One producer may have several in one response.
 */
export function onlyCommitted(
  batches: readonly RecordBatch[],
  aborted: readonly AbortedTransaction[],
): RecordBatch[] {
  const upcoming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  const open = new Set<bigint>()
  return batches.filter((batch) => {
    while (upcoming[0] !== undefined && upcoming[0].firstOffset < batch.nextOffset) {
      open.add(upcoming[0].producerId)
      upcoming.shift()
    }
    if (batch.isControl) {
      if (isAbortMarker(batch)) open.delete(batch.producerId)
      return false
    }
    return !(batch.isTransactional && open.has(batch.producerId))
  })
}

/** A control record's key is version int16, type int16. */
function isAbortMarker(batch: RecordBatch): boolean {
  const columns = batch.columns()
  const key = columns.count > 0 ? keyAt(columns, 0) : null
  return key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT
}
