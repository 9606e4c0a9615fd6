import { headersAt, keyAt, RecordBatch, type RecordColumns, valueAt } from './record-batch.ts'
import { RecordBatchBuilder } from './record-batch-builder.ts'

/** Two batches with the records of one, in order; undefined when it holds a single record. */
export function splitBatch(bytes: Buffer): readonly [Buffer, Buffer] | undefined {
  const batch = new RecordBatch(bytes)
  const columns = batch.columns()
  if (columns.count < 2) return undefined
  const middle = columns.count >> 1
  return [slice(batch, columns, 0, middle), slice(batch, columns, middle, columns.count)]
}

function slice(batch: RecordBatch, columns: RecordColumns, from: number, to: number): Buffer {
  const builder = new RecordBatchBuilder()
  for (let index = from; index < to; index++) {
    builder.append(
      batch.timestamp(columns, index),
      keyAt(columns, index),
      valueAt(columns, index),
      headersAt(columns, index),
    )
  }
  return builder.build(batch.compression)
}
