import { expect } from 'chai'
import { at, attribute, batchCrc } from '../../../runtime/broker/batch-header.ts'
import { CorruptBatch } from '../../../runtime/broker/errors.ts'
import { RecordBatch } from '../../../runtime/broker/record-batch.ts'
import { batchOf, recordsIn, type SampleRecord } from '../../support/sample-records.ts'

const record: SampleRecord = {
  timestamp: 1000,
  key: Buffer.from('k'),
  value: Buffer.from('v'),
  headers: [['h', Buffer.from('x')]],
}
/** Where the parts of the first record lie, counted from its length; every number fits in one byte. */
const part = { length: 0, timestamp: 2, offset: 3, key: 4, value: 6, headers: 8, headerKey: 9 }
const RECORD_BYTES = 13

/** A batch of two records, changed, with a CRC that fits. */
function attacked(change: (batch: Buffer) => Buffer | void): RecordBatch {
  const batch = batchOf([record, record], 'none')
  const changed = change(batch) ?? batch
  changed.writeInt32BE(changed.length - 12, at.length)
  changed.writeUInt32BE(batchCrc(changed), at.crc)
  return new RecordBatch(changed)
}

const poke = (name: keyof typeof part, zigZag: number) => (batch: Buffer) => {
  batch[at.records + part[name]] = zigZag
}
const varint = (name: keyof typeof part, ...bytes: number[]) => {
  return (batch: Buffer): Buffer => {
    const position = at.records + part[name]
    return Buffer.concat([
      batch.subarray(0, position),
      Buffer.from(bytes),
      batch.subarray(position + 1),
    ])
  }
}
const MINUS_ONE = 1
const MINUS_TWO = 3

const refused: readonly (readonly [string, (batch: Buffer) => Buffer | void, string])[] = [
  ['a negative number of records', (b) => void b.writeInt32BE(-1, at.recordCount), 'claims -1'],
  ['more records than bytes', (b) => void b.writeInt32BE(2 ** 31 - 1, at.recordCount), 'claims'],
  [
    'more records than offsets',
    (b) => void b.writeInt32BE(0, at.lastOffsetDelta),
    'claims 2 records in 1 offsets',
  ],
  ['fewer records than it holds', (b) => void b.writeInt32BE(1, at.recordCount), 'more than 1'],
  ['an end before its start', (b) => void b.writeInt32BE(-1, at.lastOffsetDelta), 'delta -1'],
  ['a negative offset', (b) => void b.writeInt32BE(-1, at.baseOffset), 'offset -'],
  ['an offset past 2^53', (b) => void b.writeInt32BE(2 ** 30, at.baseOffset), 'offset'],
  ['magic 1', (b) => void b.writeInt8(1, at.magic), 'magic 1'],
  ['magic 3', (b) => void b.writeInt8(3, at.magic), 'magic 3'],
  ['an unknown codec', (b) => void b.writeInt16BE(5, at.attributes), 'codec 5'],
  ['a base timestamp past 2^53', (b) => void b.writeInt32BE(2 ** 30, at.baseTimestamp), '2^53'],
  ['a maximum timestamp past 2^53', (b) => void b.writeInt32BE(2 ** 30, at.maxTimestamp), '2^53'],
  ['a timestamp delta past 2^52', varint('timestamp', ...Array<number>(9).fill(0xff), 1), '2^52'],
  ['a varint without an end', varint('key', ...Array<number>(6).fill(0xff)), '5 bytes'],
  ['a negative record length', poke('length', MINUS_ONE), 'record 0'],
  ['a record length past the end', varint('length', 0xfe, 0xff, 0xff, 0xff, 0x0f), 'record 0'],
  ['a record that is shorter than its parts', poke('length', 22), 'record 0 of a wrong length'],
  ['an offset that comes twice', poke('offset', 2), 'record 1 at the offset delta 1'],
  ['an offset past the last', poke('offset', 4), 'record 0 at the offset delta 2'],
  ['a negative offset delta', poke('offset', MINUS_ONE), 'record 0 at the offset delta -1'],
  ['a key of a length below -1', poke('key', MINUS_TWO), 'length -2'],
  [
    'a value of a length past the end',
    varint('value', 0xfe, 0xff, 0xff, 0xff, 0x0f),
    'past the end',
  ],
  ['a negative number of headers', poke('headers', MINUS_ONE), '-1 headers'],
  ['more headers than bytes', varint('headers', 0xfe, 0xff, 0xff, 0xff, 0x0f), 'past the end'],
  ['a header without a key', poke('headerKey', MINUS_ONE), 'without a key'],
]

describe('a record batch with a fitting CRC', () => {
  for (const [what, change, message] of refused) {
    it(`is refused for ${what}`, () => {
      expect(() => attacked(change).columns()).to.throw(CorruptBatch, message)
    })
  }

  it('is read with the gaps that compaction leaves', () => {
    const batch = attacked((b) => {
      b.writeInt32BE(9, at.lastOffsetDelta)
      b[at.records + part.offset] = 4
      b[at.records + RECORD_BYTES + part.offset] = 16
    })
    expect(recordsIn(batch).map(({ offset }) => offset)).to.deep.equal([2, 8])
    expect(batch.nextOffset).to.equal(10)
  })

  it('is read without any record, as compaction leaves the last batch of a producer', () => {
    const batch = attacked((b) => {
      b.writeInt32BE(0, at.recordCount)
      return b.subarray(0, at.records)
    })
    expect(recordsIn(batch)).to.deep.equal([])
    expect(batch.nextOffset).to.equal(2)
  })

  it('gives all its records the time of the broker when the topic says so', () => {
    const batch = attacked((b) => {
      b.writeInt16BE(attribute.logAppendTime, at.attributes)
      b.writeInt32BE(5000, at.maxTimestamp + 4)
    })
    expect(recordsIn(batch).map(({ timestamp }) => timestamp)).to.deep.equal([5000, 5000])
  })
})
