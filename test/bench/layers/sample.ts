import { RecordBatch } from '../../../runtime/broker/record-batch.ts'
import { RecordBatchBuilder } from '../../../runtime/broker/record-batch-builder.ts'
import type { StepConfig } from '../../../runtime/config.ts'
import { BatchOrigin } from '../../../runtime/processors/record-origin.ts'
import { jsonSerde } from '../../../runtime/serde/json.ts'
import { stringSerde } from '../../../runtime/serde/string.ts'
import type { TopologyNode } from '../../../runtime/topology/nodes.ts'
import { FieldCompiler } from '../../../runtime/topology/field-compiler.ts'
import { nodesOfStep } from '../../../runtime/topology/step-nodes.ts'
import { PaymentMaker } from '../payments.ts'

export const SAMPLE_RECORDS = 500

/** One batch of payments. */
export function sampleBatch(valueBytes: number): Buffer {
  const maker = new PaymentMaker(valueBytes)
  const builder = new RecordBatchBuilder()
  for (let id = 0; id < SAMPLE_RECORDS; id++) {
    const { key, json } = maker.next(id)
    builder.append(1_700_000_000_000 + id, Buffer.from(key), Buffer.from(json))
  }
  return builder.build()
}

/** The batch as a task has it: indexed, and with what its records are read by. */
export function indexedBatch(valueBytes: number): BatchOrigin {
  const batch = new RecordBatch(sampleBatch(valueBytes))
  const from = { topic: 'payments', partition: 0 }
  return new BatchOrigin(from, batch, { serde: jsonSerde, keySerde: stringSerde })
}

/** The node that a step of a single operation becomes. */
export function nodeOf<Kind extends TopologyNode['kind']>(
  kind: Kind,
  step: Partial<StepConfig>,
): Extract<TopologyNode, { readonly kind: Kind }> {
  const none: ReadonlySet<string> = new Set()
  const [node] = nodesOfStep(
    { name: 'step', from: 'payments', ...step },
    { compiler: new FieldCompiler('', []), nodes: [], tables: none, globalTables: none },
  )
  if (node?.kind !== kind) throw new Error(`the step became ${node?.kind}, not ${kind}`)
  return node as Extract<TopologyNode, { readonly kind: Kind }>
}
