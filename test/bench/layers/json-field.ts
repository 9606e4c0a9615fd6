import { compile } from '../../../runtime/expr/compile.ts'
import { recordEnvironment } from '../../../runtime/expr/record-environment.ts'
import { FlowRecord } from '../../../runtime/processors/flow-record.ts'
import type { Layer } from './layer.ts'
import { indexedBatch, SAMPLE_RECORDS } from './sample.ts'

/** One field of a value that nobody has read yet. */
export function jsonField(valueBytes: number): readonly Layer[] {
  const batch = indexedBatch(valueBytes)
  const amount = compile('value.amount', recordEnvironment)
  const run = () => {
    let sum = 0
    for (let index = 0; index < SAMPLE_RECORDS; index++) {
      sum += amount.evaluate(new FlowRecord(batch, index)) as number
    }
    return sum
  }
  return [{ name: 'read value.amount', records: SAMPLE_RECORDS, run }]
}
