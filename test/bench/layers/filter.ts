import { filterProcessor } from '../../../runtime/processors/filter.ts'
import { FlowRecord } from '../../../runtime/processors/flow-record.ts'
import type { Layer } from './layer.ts'
import { indexedBatch, nodeOf, SAMPLE_RECORDS } from './sample.ts'

export function filter(valueBytes: number): readonly Layer[] {
  const batch = indexedBatch(valueBytes)
  let kept = 0
  const node = nodeOf('filter', { filter: 'value.amount > 500' })
  const processor = filterProcessor(node, () => void kept++)
  const run = () => {
    for (let index = 0; index < SAMPLE_RECORDS; index++)
      processor.process(new FlowRecord(batch, index))
    return kept
  }
  return [{ name: 'filter value.amount > 500', records: SAMPLE_RECORDS, run }]
}
