import { expect } from 'chai'
import fc from 'fast-check'
import { compressions } from '../../../runtime/broker/compression.ts'
import { type Header, splitBatches } from '../../../runtime/broker/record-batch.ts'
import { fitsAlone, sizeAlone } from '../../../runtime/broker/record-batch-builder.ts'
import { batchOf, recordsIn, type SampleRecord } from '../../support/sample-records.ts'

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
const withOffsets = (given: readonly SampleRecord[]) =>
  given.map((record, offset) => ({ offset, ...record }))

describe('runtime/broker/record-batch.ts', () => {
  for (const codec of compressions) {
    it(`reads back what it wrote, ${codec}`, () => {
      fc.assert(
        fc.property(records, (given) => {
          const [batch] = splitBatches(batchOf(given, codec))
          expect(batch?.compression).to.equal(codec)
          expect(batch && recordsIn(batch)).to.deep.equal(withOffsets(given))
          expect(batch?.maxTimestamp).to.equal(Math.max(...given.map((r) => r.timestamp)))
        }),
        { numRuns: 200 },
      )
    })
  }

  it('knows the size of a batch with one record before it is made', () => {
    fc.assert(
      fc.property(record, (given) => {
        expect(sizeAlone(given)).to.equal(batchOf([given], 'none').length)
      }),
    )
  })

  for (const codec of compressions) {
    it(`knows whether a batch with one record fits, ${codec}`, () => {
      const given = { timestamp: 1, key: null, value: Buffer.alloc(5000, 'text '), headers: [] }
      const { length } = batchOf([given], codec)
      expect(fitsAlone(given, codec, length)).to.equal(true)
      expect(fitsAlone(given, codec, length - 1)).to.equal(false)
    })
  }

  it('waits for the rest of a batch that is cut short', () => {
    fc.assert(
      fc.property(records, fc.nat(), (given, cut) => {
        const good = batchOf(given, 'none')
        const part = good.subarray(0, cut % good.length)
        expect(splitBatches(Buffer.concat([good, part]))).to.have.length(1)
      }),
    )
  })
})
