import { expect } from 'chai'
import { at, attribute, writeCrc } from '../../../runtime/broker/batch-header.ts'
import type { Compression } from '../../../runtime/broker/compression.ts'
import { EmbeddedBroker } from '../../../runtime/broker/embedded-broker.ts'
import { partitionFor } from '../../../runtime/broker/partitioner.ts'
import { RecordBatch, valueAt } from '../../../runtime/broker/record-batch.ts'
import { RecordBatchBuilder } from '../../../runtime/broker/record-batch-builder.ts'
import { OutputCollector } from '../../../runtime/tasks/output-collector.ts'
import { eventually } from '../../support/eventually.ts'
import { JobBench } from '../../support/job-bench.ts'

const OUT = { topic: 'out', partition: 0 }

function setUp(compression: Compression = 'lz4') {
  const broker = new EmbeddedBroker()
  broker.createTopic({ name: 'out', partitions: 1 })
  const producer = broker.connect().producer()
  const collector = new OutputCollector({
    producer,
    partitionCounts: new Map([['out', 1]]),
    compression,
  })
  const written = () => broker.topics.get('out')?.logs[0]?.read(0, Infinity) ?? []
  return { collector, written }
}

interface Shape {
  readonly compression?: Compression
  readonly records?: number
  readonly change?: (bytes: Buffer) => void
}

/** A batch as a broker gives it out: with an offset, a leader epoch and the stamp of its producer. */
function fetched({ compression = 'lz4', records = 1000, change }: Shape = {}): RecordBatch {
  const builder = new RecordBatchBuilder()
  for (let n = 0; n < records; n++)
    builder.append(1000 + n, Buffer.from(`key-${n}`), Buffer.from(`the value number ${n}`))
  const bytes = builder.build(compression)
  bytes.writeInt32BE(4711, at.baseOffset + 4)
  bytes.writeInt32BE(7, at.leaderEpoch)
  bytes.writeBigInt64BE(99n, at.producerId)
  bytes.writeInt16BE(bytes.readInt16BE(at.attributes) | attribute.transactional, at.attributes)
  change?.(bytes)
  writeCrc(bytes)
  return new RecordBatch(bytes)
}

const unforwardable: readonly (readonly [string, Shape])[] = [
  ['of another codec than the outputs', { compression: 'zstd' }],
  ['too small to be worth a request', { records: 100 }],
  [
    'out of which compaction took records',
    { change: (bytes) => bytes.writeInt32BE(1000, at.lastOffsetDelta) },
  ],
  [
    'whose records carry the time of its appending',
    {
      change: (bytes) =>
        bytes.writeInt16BE(
          bytes.readInt16BE(at.attributes) | attribute.logAppendTime,
          at.attributes,
        ),
    },
  ],
]

describe('runtime/tasks/output-collector.ts', () => {
  it('forwards a whole batch as it came, without the marks of its broker and producer', () => {
    const { collector, written } = setUp()
    const batch = fetched()
    expect(collector.forward(OUT, batch)).to.equal(true)
    const [copy] = written()
    expect(copy?.bytes.subarray(at.records)).to.deep.equal(batch.bytes.subarray(at.records))
    expect(copy?.baseOffset).to.equal(0)
    expect(copy?.bytes.readInt32BE(at.leaderEpoch)).to.equal(-1)
    expect(copy?.producerId).to.equal(-1n)
    expect(copy?.isTransactional).to.equal(false)
    expect(copy?.timestamp(copy.columns(), 999)).to.equal(1999)
    expect(batch.baseOffset, 'the batch itself is untouched').to.equal(4711)
    expect(collector.produced).to.equal(1000)
  })

  it('keeps what was appended before a forwarded batch before it', () => {
    const { collector, written } = setUp()
    const record = { topic: 'out', timestamp: 1, key: null, value: null, headers: [] }
    collector.stage(record)
    collector.accept()
    collector.forward(OUT, fetched())
    collector.stage(record)
    collector.accept()
    collector.send()
    expect(written().map(({ recordCount }) => recordCount)).to.deep.equal([1, 1000, 1])
  })

  for (const [what, shape] of unforwardable) {
    it(`does not forward a batch ${what}`, () => {
      const { collector, written } = setUp()
      expect(collector.forward(OUT, fetched(shape))).to.equal(false)
      collector.send()
      expect(written()).to.deep.equal([])
    })
  }

  it('gathers the records of batches without a codec into larger ones', () => {
    const { collector } = setUp('none')
    expect(collector.forward(OUT, fetched({ compression: 'none' }))).to.equal(false)
  })

  for (const compression of ['None', 'Gzip', 'Snappy', 'Lz4', 'Zstd'] as const) {
    it(`writes batches with ${compression} when the job asks for it`, async () => {
      const bench = new JobBench({ in: 1, out: 1 })
      bench.produce('in', [['a', { amount: 1 }]])
      bench.start({
        inputs: [{ name: 'in', topic: 'in' }],
        steps: [{ name: 'all', from: 'in', filter: 'value.amount > 0' }],
        outputs: [{ from: 'all', topic: 'out' }],
        compression,
      })
      await bench.expectValues('out', [{ amount: 1 }])
      const batches = bench.embedded.topics.get('out')?.logs[0]?.read(0, Infinity) ?? []
      expect(batches.map((batch) => batch.compression)).to.deep.equal([compression.toLowerCase()])
      await bench.stop()
    })
  }

  for (const outPartitions of [2, 3]) {
    it(`passes records of 2 partitions on to ${outPartitions}, each key in its place and order`, async () => {
      const bench = new JobBench({ in: 2, out: outPartitions })
      const values = appendBatches(bench, 2)
      bench.start({
        inputs: [{ name: 'in', topic: 'in', format: 'String' }],
        steps: [{ name: 'all', from: 'in', filter: 'true' }],
        outputs: [{ from: 'all', topic: 'out', format: 'String' }],
        compression: 'Lz4',
      })
      await eventually(() => expect(bench.records('out')).to.have.length(values.length))
      const logs = bench.embedded.topics.get('out')?.logs ?? []
      logs.forEach((log, partition) => {
        const written = log.read(0, Infinity).flatMap(valuesIn)
        expect(byKey(written)).to.deep.equal(
          byKey(values.filter(belongsTo(partition, outPartitions))),
        )
      })
      await bench.stop()
    })
  }
})

const valuesIn = (batch: RecordBatch): string[] => {
  const columns = batch.columns()
  return Array.from({ length: columns.count }, (_, i) => valueAt(columns, i)?.toString() ?? '')
}

const keyOf = (value: string): string => value.slice(0, 4)
const byKey = (values: readonly string[]) => Object.groupBy(values, keyOf)
const belongsTo = (partition: number, partitions: number) => (value: string) =>
  partitionFor(Buffer.from(keyOf(value)), partitions) === partition

/** Two lz4 batches in each partition, of 2,000 records whose values begin with their keys. */
function appendBatches(bench: JobBench, partitions: number): string[] {
  const values: string[] = []
  for (let batch = 0; batch < 2; batch++) {
    const builders = Array.from({ length: partitions }, () => new RecordBatchBuilder())
    for (let n = 0; n < 4000; n++) {
      const key = `k${100 + (n % 50)}`
      const value = `${key}-${batch}-${n}`
      const partition = partitionFor(Buffer.from(key), partitions)
      builders[partition]?.append(n, Buffer.from(key), Buffer.from(value))
      values.push(value)
    }
    builders.forEach((builder, partition) =>
      bench.embedded.append({ topic: 'in', partition }, builder.build('lz4')),
    )
  }
  return values
}
