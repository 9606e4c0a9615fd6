import { expect } from 'chai'
import fc from 'fast-check'
import { hashOf, KeyIndex } from '../../../runtime/state/key-index.ts'

const bytes = (text: string) => Buffer.from(text)

const packed = (keys: readonly string[]) => {
  const parts = keys.map(bytes)
  return {
    bytes: Buffer.concat([bytes('before'), ...parts, bytes('behind')]),
    start: 6,
    lengths: Uint32Array.from(parts, ({ length }) => length),
    hashes: Int32Array.from(parts, (key) => hashOf(key, 0, key.length)),
  }
}

describe('runtime/state/key-index.ts', () => {
  it('gives each key one number, in the order in which they come', () => {
    const keys = new KeyIndex(2)
    for (let round = 0; round < 2; round++)
      for (let n = 0; n < 20_000; n++) {
        const key = bytes(`key ${n}`)
        expect(keys.intern(key, 0, key.length)).to.equal(n)
      }
    expect(keys.count).to.equal(20_000)
    expect(keys.key(12_345).toString()).to.equal('key 12345')
    expect(keys.find(bytes('key 19999'))).to.equal(19_999)
    expect(keys.find(bytes('key 20000'))).to.equal(-1)
  })

  it('does what a map does, one at a time or many', () => {
    const key = fc.oneof(fc.string({ maxLength: 3 }), fc.nat(2000).map(String))
    const step = fc.oneof(
      fc.record({ one: key }),
      fc.record({ all: fc.uniqueArray(key, { maxLength: 300 }) }),
      fc.record({ room: fc.nat(3000) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const index = new KeyIndex(2)
        const numbers = new Map<string, number>()
        let next = 0
        for (const taken of steps) {
          if ('room' in taken) index.reserve(taken.room)
          else if ('one' in taken) {
            const number = numbers.get(taken.one) ?? next++
            numbers.set(taken.one, number)
            const one = bytes(taken.one)
            expect(index.intern(one, 0, one.length)).to.equal(number)
          } else {
            const before = taken.all.flatMap((text) => numbers.get(text) ?? [])
            expect(index.addAll(packed(taken.all))).to.deep.equal(before)
            for (const text of taken.all) numbers.set(text, next++)
          }
        }
        expect(index.count).to.equal(next)
        for (const [text, number] of numbers) {
          expect(index.find(bytes(text))).to.equal(number)
          expect(index.key(number).toString()).to.equal(text)
        }
        expect(index.find(bytes('no such key'))).to.equal(-1)
      }),
      { numRuns: 200 },
    )
  })
})
