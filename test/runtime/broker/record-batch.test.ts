import { expect } from 'chai'
import fc from 'fast-check'
import type { Compression } from '../../../runtime/broker/compression.ts'
import { CorruptBatch } from '../../../runtime/broker/errors.ts'
import type { RecordBatch } from '../../../runtime/broker/record-batch.ts'
import {
  type Header,
  headersAt,
  keyAt,
  splitBatches,
  valueAt,
} from '../../../runtime/broker/record-batch.ts'
import { RecordBatchBuilder } from '../../../runtime/broker/record-batch-builder.ts'

const codecs: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

const bytes = fc.uint8Array({ maxLength: 64 }).map((array): Buffer => Buffer.from(array))
const record = fc.record({
  timestamp: fc.integer({ min: 0, max: 2 ** 45 }),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(
    fc.tuple(fc.string({ maxLength: 8 }), fc.option(bytes)).map((pair): Header => pair),
    { maxLength: 3 },
  ),
})
const records = fc.array(record, { minLength: 1, maxLength: 20 })
type Records = typeof records extends fc.Arbitrary<infer T> ? T : never

function build(given: Records, codec: Compression): Buffer {
  const builder = new RecordBatchBuilder()
  for (const { timestamp, key, value, headers } of given)
    builder.append(timestamp, key, value, headers)
  return builder.build(codec)
}

function read(batch: RecordBatch): Records {
  const columns = batch.columns()
  return Array.from({ length: columns.count }, (_, index) => ({
    timestamp: batch.timestamp(columns, index),
    key: keyAt(columns, index),
    value: valueAt(columns, index),
    headers: headersAt(columns, index),
  }))
}

describe('runtime/broker/record-batch.ts', () => {
  for (const codec of codecs) {
    it(`reads back what it wrote, ${codec}`, () => {
      fc.assert(
        fc.property(records, (given) => {
          const [batch] = splitBatches(build(given, codec))
          expect(batch?.compression).to.equal(codec)
          expect(batch && read(batch)).to.deep.equal(given)
          expect(batch?.maxTimestamp).to.equal(Math.max(...given.map((r) => r.timestamp)))
        }),
        { numRuns: 200 },
      )
    })
  }

  it('never takes a damaged batch for a good one, nor hangs or dies of it', () => {
    const damage = fc.record({ at: fc.nat(), bit: fc.integer({ min: 0, max: 7 }) })
    fc.assert(
      fc.property(records, fc.constantFrom(...codecs), damage, (given, codec, { at, bit }) => {
        const good = build(given, codec)
        const bad = Buffer.from(good)
        const position = at % bad.length
        bad.writeUInt8((bad[position] ?? 0) ^ (1 << bit), position)
        const outcome = tryRead(bad)
        // Base offset and leader epoch are outside the CRC: brokers rewrite them.
        if (outcome !== 'corrupt') expect(position).to.be.lessThan(16)
        if (outcome !== 'corrupt' && outcome !== 'incomplete') expect(outcome).to.deep.equal(given)
      }),
      { numRuns: 3000 },
    )
  })

  it('waits for the rest of a batch that is cut short', () => {
    fc.assert(
      fc.property(records, fc.nat(), (given, cut) => {
        const good = build(given, 'none')
        const part = good.subarray(0, cut % good.length)
        expect(splitBatches(Buffer.concat([good, part]))).to.have.length(1)
      }),
    )
  })
})

function tryRead(bytes: Buffer): Records | 'corrupt' | 'incomplete' {
  try {
    const [batch] = splitBatches(bytes)
    return batch === undefined ? 'incomplete' : read(batch)
  } catch (error) {
    expect(error).to.be.instanceOf(CorruptBatch)
    return 'corrupt'
  }
}
