import { expect } from 'chai'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { Digest, type DigestOf } from './digest.ts'

type Written = readonly (readonly [key: string, value: string | null])[]

function digestOf(of: DigestOf, records: Written, place = '0-0') {
  const digest = new Digest(of)
  const builder = new RecordBatchBuilder()
  for (const [key, value] of records) {
    builder.append(0, Buffer.from(key), value === null ? null : Buffer.from(value))
  }
  digest.add(place, builder.build())
  return digest.result()
}

const every: Written = [
  ['a', '{"n":1}'],
  ['b', '{"n":1}'],
  ['a', '{"n":2}'],
  ['c', '{"n":1}'],
  ['c', null],
]
/** The same behind a cache. */
const cached: Written = [
  ['b', '{"n":1.0}'],
  ['a', '{"n":2}'],
]

describe('test/bench/digest.ts', () => {
  it('takes updates for the same that leave the same', () => {
    expect(digestOf('updates', every)).to.deep.equal(digestOf('updates', cached))
    expect(digestOf('updates', every).checked).to.equal(2)
  })

  it('misses no record where each counts', () => {
    expect(digestOf('records', every).checksum).not.to.equal(digestOf('records', cached).checksum)
    expect(digestOf('records', every).checked).to.equal(5)
    const turned = every.toReversed()
    expect(digestOf('records', turned)).to.deep.equal(digestOf('records', every))
  })

  for (const kind of ['records', 'updates'] as const) {
    it(`sees another value, key or place among ${kind}`, () => {
      const same = digestOf(kind, [['a', '1']]).checksum
      expect(digestOf(kind, [['a', '1.0']]).checksum).to.equal(same)
      expect(digestOf(kind, [['a', '2']]).checksum).not.to.equal(same)
      expect(digestOf(kind, [['b', '1']]).checksum).not.to.equal(same)
      expect(digestOf(kind, [['a', '1']], '0-1').checksum).not.to.equal(same)
    })
  }
})
