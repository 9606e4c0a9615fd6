import { FlowRecord } from '../../../runtime/processors/flow-record.ts'
import { mapValuesProcessor } from '../../../runtime/processors/map-values.ts'
import type { Layer } from './layer.ts'
import { indexedBatch, nodeOf, SAMPLE_RECORDS } from './sample.ts'

export function map(valueBytes: number): readonly Layer[] {
  const batch = indexedBatch(valueBytes)
  let sum = 0
  const node = nodeOf('map-values', { map: { id: 'value.id', fee: 'value.amount * 0.02' } })
  const processor = mapValuesProcessor(node, (record) => {
    sum += (record.value as { readonly fee: number }).fee
  })
  const run = () => {
    for (let index = 0; index < SAMPLE_RECORDS; index++)
      processor.process(new FlowRecord(batch, index))
    return sum
  }
  return [{ name: 'map to id and fee', records: SAMPLE_RECORDS, run }]
}
