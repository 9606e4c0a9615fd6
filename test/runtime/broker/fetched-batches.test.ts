import { expect } from 'chai'
import { at, attribute, batchCrc, writeInt64 } from '../../../runtime/broker/batch-header.ts'
import { CorruptBatch } from '../../../runtime/broker/errors.ts'
import { readFetched } from '../../../runtime/broker/fetched-batches.ts'
import { batchOf, oddRecords, recordsIn, type SampleRecord } from '../../support/sample-records.ts'

const PRODUCER = 7
const ABORT = 0
const COMMIT = 1

interface Kind {
  readonly transactional?: boolean
  /** The type of a control record. */
  readonly marker?: number
}

/** A batch as the log holds it at that offset. */
function batchAt(offset: number, { transactional = false, marker }: Kind = {}): Buffer {
  const key = Buffer.from([0, 0, 0, marker ?? 0])
  const control: SampleRecord = { timestamp: 0, key, value: null, headers: [] }
  const batch = batchOf(marker === undefined ? oddRecords.slice(0, 2) : [control], 'none')
  writeInt64(batch, at.baseOffset, offset)
  writeInt64(batch, at.producerId, PRODUCER)
  batch.writeInt16BE(
    (transactional || marker !== undefined ? attribute.transactional : 0) |
      (marker === undefined ? 0 : attribute.control),
    at.attributes,
  )
  batch.writeUInt32BE(batchCrc(batch), at.crc)
  return batch
}

const inTransaction = { transactional: true }

function fetched(batches: readonly Buffer[], { position = 0, abortedFrom = [] as number[] } = {}) {
  const aborted = abortedFrom.map((firstOffset) => ({ producerId: BigInt(PRODUCER), firstOffset }))
  const records = Buffer.concat(batches)
  const part = {
    topic: 'orders',
    partition: 3,
    errorCode: 0,
    lastStableOffset: 99,
    aborted,
    records,
  }
  return readFetched(part, position)
}

const offsetsOf = (...args: Parameters<typeof fetched>) =>
  fetched(...args).batches.flatMap((batch) => recordsIn(batch).map(({ offset }) => offset))

describe('runtime/broker/fetched-batches.ts', () => {
  it('leaves out each of several aborted transactions of a producer, and keeps what lies between', () => {
    const log = [
      batchAt(0, inTransaction),
      batchAt(2, { marker: ABORT }),
      batchAt(3, inTransaction),
      batchAt(5, { marker: COMMIT }),
      batchAt(6),
      batchAt(8, inTransaction),
      batchAt(10, { marker: ABORT }),
    ]
    expect(offsetsOf(log, { abortedFrom: [8, 0] })).to.deep.equal([3, 4, 6, 7])
    expect(fetched(log).nextOffset).to.equal(11)
  })

  it('leaves out a transaction whose abort is still to be fetched', () => {
    expect(offsetsOf([batchAt(4, inTransaction), batchAt(6)], { abortedFrom: [1] })).to.deep.equal([
      6, 7,
    ])
  })

  it('stays where it is when nothing was fetched', () => {
    expect(fetched([], { position: 5 })).to.deep.equal({ batches: [], nextOffset: 5 })
  })

  it('drops a batch that is cut off behind whole ones, to be fetched again', () => {
    const { batches, nextOffset } = fetched([batchAt(0), batchAt(2).subarray(0, 70)])
    expect(batches).to.have.length(1)
    expect(nextOffset).to.equal(2)
  })

  const refused: readonly (readonly [string, () => unknown, string])[] = [
    ['a single batch that is cut off', () => fetched([batchAt(0).subarray(0, 70)]), '70 bytes'],
    [
      'nothing but batches before its position',
      () => fetched([batchAt(0)], { position: 9 }),
      'orders-3@9',
    ],
    [
      'a batch that starts before the end of the one before it',
      () => fetched([batchAt(4), batchAt(5)]),
      'at offset 5 after one that ends at 6',
    ],
    [
      'a damaged batch of an aborted transaction, whose header may lie',
      () => {
        const damaged = batchAt(0, inTransaction)
        damaged[damaged.length - 1]! ^= 1
        return fetched([damaged, batchAt(2)], { abortedFrom: [0] })
      },
      'offset 0 fails its CRC',
    ],
  ]
  for (const [what, read, message] of refused) {
    it(`refuses ${what}, naming the place`, () => {
      expect(read).to.throw(CorruptBatch, message)
      expect(read).to.throw(CorruptBatch, /^orders-3@\d+: .*let a sound replica lead/)
    })
  }
})
