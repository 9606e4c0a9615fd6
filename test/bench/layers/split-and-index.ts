import { splitBatches } from '../../../runtime/broker/record-batch.ts'
import type { Layer } from './layer.ts'
import { SAMPLE_RECORDS, sampleBatch } from './sample.ts'

/** A fetched batch: found, its CRC checked, keys and values located. */
export function splitAndIndex(valueBytes: number): readonly Layer[] {
  const bytes = sampleBatch(valueBytes)
  const run = () => splitBatches(bytes).reduce((sum, batch) => sum + batch.columns().count, 0)
  return [{ name: 'split, CRC, index', records: SAMPLE_RECORDS, run }]
}
