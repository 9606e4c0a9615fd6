import { keyAt, valueAt } from '../../../runtime/broker/record-batch.ts'
import { RecordBatchBuilder } from '../../../runtime/broker/record-batch-builder.ts'
import { jsonSerde } from '../../../runtime/serde/json.ts'
import type { Layer } from './layer.ts'
import { indexedBatch, SAMPLE_RECORDS } from './sample.ts'

/** The way out: bytes that stayed as they came, and values that are written anew. */
export function buildBatch(valueBytes: number): readonly Layer[] {
  const { columns } = indexedBatch(valueBytes)
  const originals = Array.from({ length: SAMPLE_RECORDS }, (_, index) => ({
    key: keyAt(columns, index),
    bytes: valueAt(columns, index) ?? Buffer.of(),
  }))
  const values = originals.map(({ bytes }) => jsonSerde.deserialize(bytes))
  const built = (valueOf: (index: number) => Buffer) => {
    const builder = new RecordBatchBuilder()
    return () => {
      builder.reset()
      originals.forEach(({ key }, index) => builder.append(index, key, valueOf(index)))
      return builder.build().length
    }
  }
  const unchanged = built((index) => originals[index]?.bytes ?? Buffer.of())
  const rewritten = built((index) => jsonSerde.serialize(values[index]))
  return [
    { name: 'build a batch', records: SAMPLE_RECORDS, run: unchanged },
    { name: 'serialize, build a batch', records: SAMPLE_RECORDS, run: rewritten },
  ]
}
