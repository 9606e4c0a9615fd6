import { RecordBatch } from '../../../runtime/broker/record-batch.ts'
import { bind } from '../../../runtime/dsl/bind.ts'
import { job } from '../../../runtime/dsl/job.ts'
import { type Stream, stream } from '../../../runtime/dsl/stream.ts'
import { StreamTime } from '../../../runtime/processors/stream-time.ts'
import { systemClock } from '../../../runtime/platform/clock.ts'
import { silentLogger } from '../../../runtime/platform/silent-logger.ts'
import { buildProcessors } from '../../../runtime/processors/build.ts'
import { RecordQueue } from '../../../runtime/tasks/record-queue.ts'
import { UserProcessors } from '../../../runtime/tasks/user-processors.ts'
import { subTopologiesOf } from '../../../runtime/topology/sub-topologies.ts'
import type { Payment } from '../payments.ts'
import type { Layer } from './layer.ts'
import { SAMPLE_RECORDS, sampleBatch } from './sample.ts'

type Payments = Stream<Payment>

/** From a batch through functions of a TypeScript job to where a record would be written. */
export const userFunctions = (valueBytes: number): readonly Layer[] => [
  layer('reads nothing', valueBytes, (payments) => payments.filter('step', () => true)),
  layer('reads the key', valueBytes, (payments) =>
    payments.filter('step', ({ key }) => key !== null),
  ),
  layer('reads a field', valueBytes, (payments) =>
    payments.filter('step', ({ value }) => value.amount > 500),
  ),
  layer('a new value', valueBytes, (payments) =>
    payments.mapValues('step', ({ value, offset }) => ({ amount: value.amount, offset })),
  ),
  layer('three functions', valueBytes, (payments) =>
    payments
      .peek('seen', ({ timestamp }) => timestamp)
      .filter('large', ({ value }) => value.amount > 0)
      .map('step', ({ key, value }) => ({ key, value: value.amount })),
  ),
]

function layer(
  does: string,
  valueBytes: number,
  steps: (payments: Payments) => Payments | Stream<unknown>,
): Layer {
  const inputs = [
    {
      name: 'payments',
      topic: 'payments',
      format: 'Json',
      keyFormat: 'String',
      startFrom: 'Earliest',
      as: 'Stream',
    },
  ] as const
  const topology = bind(job(steps(stream<Payment>('payments')).to('out')), { inputs: [...inputs] })
  const [subTopology] = subTopologiesOf(topology, 'bench.layer')
  if (subTopology === undefined) throw new Error(`${does}: the job has no step`)
  const [source] = subTopology.sources
  if (source === undefined) throw new Error(`${does}: the job has no input`)
  let written = 0
  const processor = buildProcessors(subTopology, {
    entered: () => undefined,
    dropped: () => undefined,
    sink: (_, record) => void (written += record.offset === -1 ? 0 : 1),
    store: () => {
      throw new Error('no step here keeps state')
    },
    alone: (forward) => forward,
    wayFrom: (_, forward) => forward,
    later: () => {
      throw new Error('no function here answers later')
    },
    host: new UserProcessors({
      id: { subTopology: 0, partition: 0 },
      clock: systemClock,
      log: silentLogger,
    }),
    global: () => {
      throw new Error('no step here joins a global table')
    },
    repartition: () => undefined,
    streamTime: () => new StreamTime(),
    whenIdle: () => undefined,
  }).get('payments')
  const batch = new RecordBatch(sampleBatch(valueBytes))
  const partition = { topic: 'payments', partition: 0 }
  const run = () => {
    const queue = new RecordQueue(partition, source, 0)
    const highWatermark = SAMPLE_RECORDS
    queue.add({ ...partition, position: 0, batches: [batch], highWatermark, receivedAt: 0 })
    for (let next = queue.take(); next !== undefined; next = queue.take())
      processor?.process(next.record)
    return written
  }
  return { name: `user function: ${does}`, records: SAMPLE_RECORDS, run }
}
