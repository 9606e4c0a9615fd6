import { expect } from 'chai'
import { partitionFor } from '../../../runtime/broker/partitioner.ts'
import type { RecordFormat } from '../../../runtime/config.ts'
import { serdes } from '../../../runtime/serde/serde.ts'
import { SerdeFault } from '../../../runtime/serde/serde-fault.ts'

/** What the serializers of kafka-clients 3.9.1 write, as they printed it. */
const java: readonly (readonly [format: RecordFormat, value: unknown, hex: string])[] = [
  ['Int', 0, '00000000'],
  ['Int', 1, '00000001'],
  ['Int', -1, 'ffffffff'],
  ['Int', 42, '0000002a'],
  ['Int', 256, '00000100'],
  ['Int', 2147483647, '7fffffff'],
  ['Int', -2147483648, '80000000'],
  ['Long', 0, '0000000000000000'],
  ['Long', 1, '0000000000000001'],
  ['Long', -1, 'ffffffffffffffff'],
  ['Long', 42, '000000000000002a'],
  ['Long', 4294967296, '0000000100000000'],
  ['Long', -4294967297, 'fffffffeffffffff'],
  ['Long', 1700000000000, '0000018bcfe56800'],
  ['Long', 9007199254740991, '001fffffffffffff'],
  ['Long', -9007199254740991, 'ffe0000000000001'],
  ['Double', 0, '0000000000000000'],
  ['Double', -0, '8000000000000000'],
  ['Double', 1, '3ff0000000000000'],
  ['Double', -1.5, 'bff8000000000000'],
  ['Double', 0.1, '3fb999999999999a'],
  ['Double', Math.PI, '400921fb54442d18'],
  ['Double', 1e300, '7e37e43c8800759c'],
  ['Double', Number.MIN_VALUE, '0000000000000001'],
  ['Double', Number.MAX_VALUE, '7fefffffffffffff'],
  ['Double', Infinity, '7ff0000000000000'],
  ['Double', -Infinity, 'fff0000000000000'],
  ['Double', NaN, '7ff8000000000000'],
  [
    'UUID',
    '00000000-0000-0000-0000-000000000000',
    '30303030303030302d303030302d303030302d303030302d303030303030303030303030',
  ],
  [
    'UUID',
    '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
    '36626137623831302d396461642d313164312d383062342d303063303466643433306338',
  ],
  ['String', '', ''],
  ['String', 'card-1', '636172642d31'],
  ['String', 'größe', '6772c3b6c39f65'],
  ['String', '😀', 'f09f9880'],
  ['Bytes', Uint8Array.of(0, 1, 255), '0001ff'],
]

/** Where `Utils.murmur2` of the same jar puts what those serializers wrote, of 12 partitions. */
const places: readonly (readonly [format: RecordFormat, key: unknown, partition: number])[] = [
  ['Long', 1, 0],
  ['Long', 42, 4],
  ['Long', -7, 10],
  ['Long', 1700000000000, 7],
  ['Int', 1, 0],
  ['Int', 42, 0],
  ['Int', -7, 10],
  ['UUID', '6ba7b810-9dad-11d1-80b4-00c04fd430c8', 1],
]

const unreadable: readonly (readonly [format: RecordFormat, hex: string, says: RegExp])[] = [
  ['Int', '', /^not Int: expected 4 bytes, got .*0 bytes/],
  ['Int', '0000000000000001', /expected 4 bytes, got 0000000000000001 \(8 bytes\)/],
  ['Long', '0102030405', /^not Long: expected 8 bytes, got 0102030405 \(5 bytes\)/],
  ['Long', '0020000000000000', /the Long 9007199254740992 is beyond/],
  ['Long', '0020000000000001', /the Long 9007199254740993 is beyond/],
  ['Long', 'ffe0000000000000', /the Long -9007199254740992 is beyond/],
  ['Long', '7fffffffffffffff', /the Long 9223372036854775807 is beyond.*read it as Bytes/],
  ['Long', '8000000000000000', /the Long -9223372036854775808 is beyond/],
  ['Double', '00', /^not Double: expected 8 bytes/],
  ['UUID', '00112233445566778899aabbccddeeff', /expected 36 characters.*\(16 bytes\)/],
  ['UUID', '2d'.repeat(36), /not a UUID/],
  ['String', 'ff', /not UTF-8: ff/],
  ['Json', '7b', /not JSON/],
]

const unwritable: readonly (readonly [format: RecordFormat, value: unknown, says: RegExp])[] = [
  ['Int', 2147483648, /it takes -2147483648 to 2147483647/],
  ['Int', 1.5, /1.5 cannot be written as Int: round it first/],
  ['Int', NaN, /round it first/],
  ['Int', 'abc', /"abc" cannot be written as Int: not a number/],
  ['Int', '', /not a number/],
  ['Int', '0x10', /not a number/],
  ['Int', { n: 1 }, /an object cannot be written as Int/],
  ['Long', 2 ** 53, /it takes -9007199254740991 to 9007199254740991/],
  ['Long', '9007199254740993', /"9007199254740993" cannot be written as Long/],
  ['Double', true, /a boolean cannot be written as Double: not a number/],
  ['UUID', 'no-uuid', /"no-uuid" is not a UUID/],
  ['UUID', 7, /number is not a UUID/],
  ['Bytes', 'text', /a string cannot be written as Bytes: write text as String/],
]

const fault = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe('runtime/serde/serde.ts', () => {
  for (const [format, value, hex] of java) {
    it(`writes and reads the ${format} ${JSON.stringify(value)} as Java does`, () => {
      expect(serdes[format].serialize(value).toString('hex')).to.equal(hex)
      const read = serdes[format].deserialize(Buffer.from(hex, 'hex'))
      if (read instanceof Uint8Array) expect([...read]).to.deep.equal(value && [...(value as [])])
      else expect(Object.is(read, value), `${String(read)}`).to.equal(true)
    })
  }

  for (const [format, key, partition] of places) {
    it(`places the ${format} key ${String(key)} where Java does`, () => {
      expect(partitionFor(serdes[format].serialize(key), 12)).to.equal(partition)
    })
  }

  for (const [format, hex, says] of unreadable) {
    it(`refuses to read ${hex === '' ? 'nothing' : hex} as ${format}`, () => {
      const error = fault(() => serdes[format].deserialize(Buffer.from(hex, 'hex')))
      expect(error).to.be.instanceOf(SerdeFault)
      expect((error as Error).message).to.match(says)
    })
  }

  for (const [format, value, says] of unwritable) {
    it(`refuses to write ${JSON.stringify(value)} as ${format}`, () => {
      const error = fault(() => serdes[format].serialize(value))
      expect(error).to.be.instanceOf(SerdeFault)
      expect((error as Error).message).to.match(says)
    })
  }

  it('reads JSON nested 256 deep and no deeper', () => {
    const nested = (depth: number) => Buffer.from('['.repeat(depth) + ']'.repeat(depth))
    expect(serdes.Json.deserialize(nested(256))).to.be.an('array')
    expect(() => serdes.Json.deserialize(nested(257))).to.throw(/nested more than 256 deep/)
  })

  it('writes a number from text that is one, as keys come back from a repartition topic', () => {
    expect(serdes.Long.serialize('-42').toString('hex')).to.equal('ffffffffffffffd6')
    expect(serdes.Int.serialize('42').toString('hex')).to.equal('0000002a')
    expect(serdes.Double.serialize('1.5e0').toString('hex')).to.equal('3ff8000000000000')
  })

  it('reads a UUID in capitals as the same as in small letters', () => {
    const capitals = Buffer.from('6BA7B810-9DAD-11D1-80B4-00C04FD430C8')
    expect(serdes.UUID.deserialize(capitals)).to.equal('6ba7b810-9dad-11d1-80b4-00c04fd430c8')
  })

  it('hands out bytes that are a copy, and base64 in JSON', () => {
    const original = Buffer.from([1, 2, 255])
    const read = serdes.Bytes.deserialize(original) as Uint8Array
    read[0] = 9
    expect([...original]).to.deep.equal([1, 2, 255])
    expect(serdes.Json.serialize({ raw: read }).toString()).to.equal('{"raw":"CQL/"}')
  })
})
