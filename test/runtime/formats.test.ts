import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { keyAt, valueAt } from '../../runtime/broker/record-batch.ts'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { partitionFor } from '../../runtime/broker/partitioner.ts'
import type { RecordFormat, RuntimeConfigInput } from '../../runtime/config.ts'
import { loadJob } from '../../runtime/dsl/load-job.ts'
import { serdes } from '../../runtime/serde/serde.ts'
import { eventually } from '../support/eventually.ts'
import { JobBench, type JobSpec } from '../support/job-bench.ts'

type Pair = readonly [key: Buffer, value: Buffer]

const long = (value: number) => serdes.Long.serialize(value)
const double = (value: number) => serdes.Double.serialize(value)
const hex = (text: string) => Buffer.from(text, 'hex')
const MAX_LONG = hex('7fffffffffffffff')
const LONG_DOUBLE = { keyFormat: 'Long', format: 'Double' } as const

interface Formats {
  readonly format?: RecordFormat
  readonly keyFormat?: RecordFormat
}

const jobOf = (
  input: Formats,
  output: Formats,
  steps: NonNullable<RuntimeConfigInput['steps']>,
): JobSpec => ({
  inputs: [{ name: 'in', topic: 'in', ...input }],
  steps,
  outputs: [{ from: steps.at(-1)?.name ?? '', topic: 'out', ...output }],
})

describe('formats of keys and values', () => {
  let bench: JobBench

  beforeEach(() => (bench = new JobBench({ in: 2, out: 4 })))
  afterEach(() => bench.stop())

  function produce(records: readonly Pair[]): void {
    for (const [key, value] of records) {
      const builder = new RecordBatchBuilder()
      builder.append(1_700_000_000_000, key, value)
      bench.embedded.append({ topic: 'in', partition: partitionFor(key, 2) }, builder.build())
    }
  }

  /** What lies in the output, as `partition key value` in hex, sorted. */
  function written(): string[] {
    const logs = bench.embedded.topics.get('out')?.logs ?? []
    return logs
      .flatMap((log, partition) =>
        log.read(0, Infinity).flatMap((batch) => {
          const columns = batch.columns()
          return Array.from({ length: columns.count }, (_, index) =>
            line(partition, keyAt(columns, index), valueAt(columns, index)),
          )
        }),
      )
      .sort()
  }

  const line = (partition: number, key: Buffer | null, value: Buffer | null) =>
    `${partition} ${key?.toString('hex')} ${value?.toString('hex')}`

  const placed = ([key, value]: Pair) => line(partitionFor(key, 4), key, value)

  const expectWritten = (records: readonly Pair[]) =>
    eventually(() => expect(written()).to.deep.equal(records.map(placed).sort()))

  it('reads keys and values as numbers, and writes them where Java would', async () => {
    const steps = [{ name: 'large', from: 'in', filter: 'key >= 40 && value > 1.5' }]
    bench.start(jobOf(LONG_DOUBLE, LONG_DOUBLE, steps))
    produce([
      [long(39), double(9)],
      [long(40), double(1.5)],
      [long(41), double(1.75)],
      [long(42), double(100)],
    ])
    await expectWritten([
      [long(41), double(1.75)],
      [long(42), double(100)],
    ])
  })

  it('turns one format into another where input and output differ', async () => {
    const input = { keyFormat: 'Long', format: 'Int' } as const
    const steps = [{ name: 'all', from: 'in', filter: 'true' }]
    bench.start(jobOf(input, { keyFormat: 'String', format: 'Json' }, steps))
    produce([[long(-42), serdes.Int.serialize(7)]])
    await expectWritten([[Buffer.from('-42'), Buffer.from('7')]])
  })

  it('keeps the key of an aggregate by the present key as it came', async () => {
    const input = { keyFormat: 'UUID', format: 'Double' } as const
    const steps = [
      { name: 'sums', from: 'in', groupBy: 'key', aggregate: { total: 'sum(value)' } },
      { name: 'totals', from: 'sums', map: { total: 'value.total', id: 'key' } },
    ]
    bench.start(jobOf(input, { keyFormat: 'UUID' }, steps))
    const id = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'
    produce([[Buffer.from(id), double(1.25)]])
    await expectWritten([[Buffer.from(id), Buffer.from(`{"total":1.25,"id":"${id}"}`)]])
  })

  it('writes a key chosen by groupBy as the number it was', async () => {
    const steps = [
      { name: 'counts', from: 'in', groupBy: 'value.customer', aggregate: { n: 'count()' } },
    ]
    bench.start(jobOf({}, { keyFormat: 'Long' }, steps))
    produce([[Buffer.from('x'), Buffer.from('{"customer": 42}')]])
    await expectWritten([[long(42), Buffer.from('{"n":1}')]])
  })

  it('takes bytes through a repartition topic as they are', async () => {
    const steps = [
      {
        name: 'sizes',
        from: 'in',
        filter: 'size(value) > 1',
        groupBy: '"all"',
        aggregate: { bytes: 'sum(size(value))' },
      },
    ]
    bench.start(jobOf({ format: 'Bytes' }, {}, steps))
    produce([
      [Buffer.from('a'), hex('00ff7b')],
      [Buffer.from('a'), hex('01')],
    ])
    await expectWritten([[Buffer.from('all'), Buffer.from('{"bytes":3}')]])
  })

  it('takes keys that nobody chose through a repartition topic as they are', async () => {
    const formats = { keyFormat: 'Long', format: 'Bytes' } as const
    const steps = [{ name: 'spread', from: 'in', repartition: { partitions: 3 } }]
    bench.start(jobOf(formats, formats, steps))
    produce([[MAX_LONG, hex('00ff')]])
    await expectWritten([[MAX_LONG, hex('00ff')]])
  })

  it('writes merged streams of several formats to a repartition topic as text and JSON', async () => {
    bench.embedded.createTopic({ name: 'other', partitions: 2 })
    bench.start({
      inputs: [
        { name: 'in', topic: 'in', keyFormat: 'Long', format: 'Double' },
        { name: 'other', topic: 'other', format: 'String' },
      ],
      steps: [
        { name: 'both', merge: ['in', 'other'], repartition: {} },
        { name: 'sums', from: 'both', groupBy: 'key', aggregate: { n: 'count()' } },
        { name: 'twos', from: 'sums', filter: 'value.n == 2' },
      ],
      outputs: [{ from: 'twos', topic: 'out', keyFormat: 'Long' }],
    })
    produce([[long(42), double(1.5)]])
    const builder = new RecordBatchBuilder()
    builder.append(1_700_000_000_000, Buffer.from('42'), Buffer.from('x'))
    bench.embedded.append({ topic: 'other', partition: 1 }, builder.build())
    await expectWritten([[long(42), Buffer.from('{"n":2}')]])
    expect(bench.values('test.job-both-repartition')).to.have.deep.members([1.5, 'x'])
  })

  it('writes a topic that an expression chooses in the formats of the output', async () => {
    bench.start({
      inputs: [{ name: 'in', topic: 'in' }],
      outputs: [{ from: 'numbers', topicFrom: '"out"', topics: ['out'], ...LONG_DOUBLE }],
      steps: [{ name: 'numbers', from: 'in', filter: 'value > 1' }],
    })
    produce([[Buffer.from('7'), Buffer.from('2.5')]])
    await expectWritten([[long(7), double(2.5)]])
  })

  it('passes through a Long that no number can hold, unless it is read', async () => {
    const formats = { keyFormat: 'Long', format: 'Long' } as const
    const steps = [{ name: 'small', from: 'in', filter: 'key < 10' }]
    bench.start({ ...jobOf(formats, formats, steps), onError: 'DeadLetter' })
    produce([
      [long(1), MAX_LONG],
      [MAX_LONG, long(1)],
    ])
    await expectWritten([[long(1), MAX_LONG]])
    await eventually(() => expect(bench.records('test.job-dead-letters')).to.have.length(1))
    const headers = Object.fromEntries(bench.records('test.job-dead-letters')[0]?.headers ?? [])
    expect(headers).to.include({ 'millrace.reason': 'OutOfRange', 'millrace.node': 'small' })
    expect(headers['millrace.message']).to.contain('9223372036854775807')
  })

  it('generates keys in the format of the input', async () => {
    const generator = { recordsPerSecond: 100, key: '7', value: { n: 'n' } }
    bench.start({
      inputs: [{ name: 'in', topic: 'in', keyFormat: 'Int', generator }],
      steps: [{ name: 'all', from: 'in', filter: 'key == 7' }],
      outputs: [{ from: 'all', topic: 'out', keyFormat: 'Int' }],
    })
    await eventually(() => expect(written()[0]).to.match(/^\d 00000007 7b226e22/))
  })

  it('writes what a TypeScript job says it should, by format or by formats', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-formats-'))
    const path = join(folder, 'job.ts')
    writeFileSync(
      path,
      `import { job, stream } from 'millrace'
const all = stream<{ readonly n: number }>('in').mapValues('n', ({ value }) => value.n)
export default job(
  all.to('out', { format: 'Int', keyFormat: 'Bytes' }),
  all.toOneOf(['text'], () => 'text', 'String'),
)`,
    )
    bench.embedded.createTopic({ name: 'text', partitions: 1 })
    const input = { name: 'in', topic: 'in', keyFormat: 'Bytes' } as const
    bench.start(
      { inputs: [input], code: { path } },
      { loadTopology: (config) => loadJob(path, config) },
    )
    produce([[hex('00ff'), Buffer.from('{"n": 5}')]])
    await expectWritten([[hex('00ff'), hex('00000005')]])
    await eventually(() => expect(bench.values('text')).to.deep.equal([5]))
    rmSync(folder, { recursive: true })
  })
})
