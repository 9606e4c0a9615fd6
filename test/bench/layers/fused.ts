import { RecordBatch } from '../../../runtime/broker/record-batch.ts'
import { runtimeConfigSchema, type StepConfig } from '../../../runtime/config.ts'
import type { RecordSink } from '../../../runtime/fused/exit-writer.ts'
import { fuse } from '../../../runtime/fused/fuse.ts'
import { topologyFromSteps } from '../../../runtime/topology/from-steps.ts'
import { subTopologiesOf } from '../../../runtime/topology/sub-topologies.ts'
import type { Layer } from './layer.ts'
import { SAMPLE_RECORDS, sampleBatch } from './sample.ts'

const FILTER = { filter: 'value.amount > 500' }
const FIELDS = { id: 'value.id', card: 'value.card', amount: 'value.amount' }

/** From a batch to the encoded records of the output, for steps that need no interpreter. */
export const fused = (valueBytes: number): readonly Layer[] => [
  layer('pass on', valueBytes),
  layer('filter', valueBytes, FILTER),
  layer('map to three fields', valueBytes, { map: FIELDS }),
  layer('keep three fields', valueBytes, { project: { keep: Object.keys(FIELDS) } }),
  layer('filter, keep three fields', valueBytes, FILTER, {
    project: { keep: Object.keys(FIELDS) },
  }),
  layer('drop one field', valueBytes, { project: { drop: ['memo'] } }),
  layer('rename one field', valueBytes, { project: { rename: { memo: 'note' } } }),
  layer('key by card', valueBytes, { keyBy: 'value.card' }),
]

function layer(does: string, valueBytes: number, ...steps: readonly Partial<StepConfig>[]): Layer {
  const { topology } = topologyFromSteps(
    runtimeConfigSchema.parse({
      job: { namespace: 'bench', name: 'layer' },
      applicationId: 'bench.layer',
      kafka: { bootstrapServers: ['unused:9092'] },
      inputs: [{ name: 'step0', topic: 'payments' }],
      steps: steps.map((step, n) => ({ name: `step${n + 1}`, from: `step${n}`, ...step })),
      outputs: [{ from: `step${steps.length}`, topic: 'out' }],
    }),
  )
  const [subTopology] = subTopologiesOf(topology, 'bench.layer')
  const programs = subTopology && fuse(subTopology, 'bench.layer', () => 1)
  const program = programs?.get('payments')
  if (program === undefined) throw new Error(`${does}: only the interpreter can do that`)
  const batch = new RecordBatch(sampleBatch(valueBytes))
  const keepsNothing = () => {
    throw new Error(`${does}: keeps nothing`)
  }
  const host = {
    from: { topic: 'payments', partition: 0 },
    position: 0,
    store: keepsNothing,
    table: keepsNothing,
    log: keepsNothing,
    streamTime: keepsNothing,
    timePassed: keepsNothing,
    interpret: (index: number) => {
      throw new Error(`${does}: record ${index} is left to the interpreter`)
    },
    entered: () => undefined,
  }
  const run = () => {
    let bytes = 0
    program.run(batch, { ...host, sink: counting((length) => (bytes += length)) })
    return bytes
  }
  return { name: `fused: ${does}`, records: SAMPLE_RECORDS, run }
}

/** Takes records and forgets them. */
const counting = (count: (bytes: number) => void): RecordSink => ({
  openBatch: () => ({ count: 0, baseTimestamp: 0 }),
  append: (_, { bytes }) => count(bytes.length),
  forward: () => false,
  nextPartition: () => 0,
})
