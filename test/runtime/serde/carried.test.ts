import { expect } from 'chai'
import fc from 'fast-check'
import { serdeOf } from '../../../runtime/serde/carried.ts'
import { combinedKey, combinedKeyPrefix } from '../../../runtime/serde/combined-key.ts'
import { murmur3 } from '../../../runtime/serde/murmur3.ts'
import { SerdeFault } from '../../../runtime/serde/serde-fault.ts'

const hex = (bytes: Buffer) => bytes.toString('hex')

/** All bytes here are as kafka-streams 3.9.1 printed them. */

describe('runtime/serde/change.ts', () => {
  const serde = serdeOf('String', 'changes')
  const written: readonly (readonly [newValue: unknown, oldValue: unknown, hex: string])[] = [
    ['new', null, '6e657701'],
    [null, 'old', '6f6c6400'],
    ['new', 'old!', '066e65776f6c642102'],
    ['', '', '0002'],
    ['x'.repeat(64), 'y', `8001${'78'.repeat(64)}7902`],
  ]
  for (const [newValue, oldValue, bytes] of written) {
    it(`writes what Kafka Streams writes: ${bytes.slice(0, 24)}`, () => {
      expect(hex(serde.serialize({ newValue, oldValue }))).to.equal(bytes)
    })
  }

  it('reads back what it has written', () =>
    fc.assert(
      fc.property(fc.option(fc.string()), fc.option(fc.string()), (newValue, oldValue) => {
        fc.pre(newValue !== null || oldValue !== null)
        const change = { newValue, oldValue }
        expect(serde.deserialize(serde.serialize(change))).to.deep.equal(change)
      }),
    ))

  it('refuses bytes that are no change', () => {
    for (const bytes of ['', '6109', 'ffffffffffff02'])
      expect(() => serde.deserialize(Buffer.from(bytes, 'hex'))).to.throw(SerdeFault)
  })
})

describe('runtime/serde/subscription.ts', () => {
  const hash = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
  const primaryKey = Buffer.from('pk')

  it('writes subscriptions as version 1 of Kafka Streams', () => {
    const serde = serdeOf('Json', 'subscriptions')
    const subscription = { hash, instruction: 2, primaryKey, partition: 7 }
    const bytes = serde.serialize(subscription)
    expect(hex(bytes)).to.equal(`0102${hex(hash)}706b00000007`)
    expect(serde.deserialize(bytes)).to.deep.equal(subscription)
    const gone = { ...subscription, hash: null, instruction: 1 }
    expect(hex(serde.serialize(gone))).to.equal('8101706b00000007')
    expect(serde.deserialize(serde.serialize(gone))).to.deep.equal(gone)
  })

  it('writes answers as version 0 of Kafka Streams', () => {
    const serde = serdeOf('String', 'responses')
    expect(hex(serde.serialize({ hash, value: 'v', partition: 1 }))).to.equal(`00${hex(hash)}76`)
    expect(hex(serde.serialize({ hash: null, value: null }))).to.equal('80')
    expect(serde.deserialize(Buffer.from('80', 'hex'))).to.deep.equal({ hash: null, value: null })
  })

  it('writes in the first byte of an answer that it is a reminder, or a farewell', () => {
    const serde = serdeOf('String', 'responses')
    const answers = [
      [{ hash, value: null, isReminder: true }, `40${hex(hash)}`],
      [{ hash: null, value: null, isFarewell: true }, 'a0'],
    ] as const
    for (const [answer, written] of answers) {
      expect(hex(serde.serialize(answer))).to.equal(written)
      expect(serde.deserialize(serde.serialize(answer))).to.deep.equal(answer)
    }
  })

  it('refuses versions that it does not know', () => {
    const bytes = Buffer.from('0202', 'hex')
    expect(() => serdeOf('Json', 'subscriptions').deserialize(bytes)).to.throw('has version 2')
  })
})

describe('runtime/serde/combined-key.ts', () => {
  it('puts the length of the foreign key before it, so that no other begins so', () => {
    expect(hex(combinedKey(Buffer.from('fk'), Buffer.from('pk')))).to.equal('00000002666b706b')
    expect(hex(combinedKeyPrefix(Buffer.from('fk')))).to.equal('00000002666b')
  })
})

describe('runtime/serde/murmur3.ts', () => {
  const java: readonly (readonly [text: string, hash: string])[] = [
    ['', '9d2764a018e329428c3cf3b035938518'],
    ['a', '3361634e7e0f5188e9c7dda24eae326b'],
    ['12345678', 'ddec8f9026074d665e35523e4a34fe8c'],
    ['123456789', '5a3e531c14a5f700faf8cf22625f37e7'],
    ['123456789012345', 'ae037d2b08960000351a1e49bc6671f5'],
    ['1234567890123456', '7eebd4b7e4424c983d2fca5635718acd'],
    ['12345678901234567', 'e5edaf72866605bdb41f03a4e6ca8a4a'],
    ['x'.repeat(100), '16ffa307a4b7c8a209d26200ab975f55'],
    ['ü€'.repeat(9), '9690f99d9b78c3eb468e45e8d048cf77'],
  ]
  for (const [text, hash] of java) {
    it(`hashes ${Buffer.byteLength(text)} bytes as Kafka Streams does`, () => {
      expect(hex(murmur3(Buffer.from(text)))).to.equal(hash)
    })
  }
})
