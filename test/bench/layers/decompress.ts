import { at } from '../../../runtime/broker/batch-header.ts'
import { type Compression, compressions, decompress } from '../../../runtime/broker/compression.ts'
import type { Layer } from './layer.ts'
import { SAMPLE_RECORDS, sampleBatch } from './sample.ts'

export const decompressEach = (valueBytes: number): readonly Layer[] =>
  compressions.filter((codec) => codec !== 'none').map((codec) => layer(valueBytes, codec))

function layer(valueBytes: number, codec: Compression): Layer {
  const compressed = sampleBatch(valueBytes, codec).subarray(at.records)
  const run = () => decompress(compressed, codec).length
  return { name: `decompress ${codec}`, records: SAMPLE_RECORDS, run }
}
