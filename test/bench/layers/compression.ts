import { at } from '../../../runtime/broker/batch-header.ts'
import {
  type Compression,
  compress,
  compressions,
  decompress,
} from '../../../runtime/broker/compression.ts'
import type { Layer } from './layer.ts'
import { SAMPLE_RECORDS, sampleBatch } from './sample.ts'

export const compression = (valueBytes: number): readonly Layer[] =>
  compressions.filter((codec) => codec !== 'none').flatMap((codec) => layers(valueBytes, codec))

function layers(valueBytes: number, codec: Compression): readonly Layer[] {
  const records = sampleBatch(valueBytes).subarray(at.records)
  const compressed = compress(records, codec)
  return [
    {
      name: `decompress ${codec}`,
      records: SAMPLE_RECORDS,
      run: () => decompress(compressed, codec).length,
    },
    {
      name: `compress ${codec}`,
      records: SAMPLE_RECORDS,
      run: () => compress(records, codec).length,
    },
  ]
}
