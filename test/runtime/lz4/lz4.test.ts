import { expect } from 'chai'
import fc from 'fast-check'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import { compressLz4, decompressLz4 } from '../../../runtime/lz4/lz4.ts'

const MIB = 1 << 20

/** From noise to much repetition at near and far distances. */
const contents = fc
  .tuple(
    fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 400 }),
        fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.nat(400)).map(repeated),
      ),
      { maxLength: 30 },
    ),
    fc.integer({ min: 1, max: 8 }),
  )
  .map(([parts, times]) => repeated([Buffer.concat(parts), times]))

function repeated([bytes, times]: readonly [Uint8Array, number]): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => bytes))
}

/** A frame of given blocks; `descriptor` are the flags, the block size and what follows up to the header's checksum. */
function frame(descriptor: readonly number[], ...blocks: readonly Buffer[]): Buffer {
  const parts = blocks.flatMap((block) => [int32(block.length), block])
  return Buffer.concat([int32(0x184d2204), Buffer.from([...descriptor, 0]), ...parts, int32(0)])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

interface Match {
  readonly distance: number
  readonly length: number
}

/** A sequence as a block has it; without a match the last one. */
function sequence(literals: Buffer, match?: Match): Buffer {
  const { distance, length } = match ?? { distance: 0, length: 4 }
  const rest = (count: number) => (count < 15 ? [] : [count - 15])
  const token = (Math.min(literals.length, 15) << 4) | Math.min(length - 4, 15)
  return Buffer.concat([
    Buffer.from([token, ...rest(literals.length)]),
    literals,
    match === undefined ? Buffer.of() : Buffer.from([distance, 0, ...rest(length - 4)]),
  ])
}

/** What comes of it behind what is there, byte by byte. */
function unfolded(before: readonly number[], literals: Buffer, match: Match): number[] {
  const bytes = [...before, ...literals]
  for (let n = 0; n < match.length; n++) bytes.push(bytes[bytes.length - match.distance] ?? 0)
  return bytes
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index)

/** Literals and matches that just fit into a vector, and that just do not. */
const aboutAVector = range(0, 19).flatMap((count) =>
  range(1, 22).flatMap((distance) => range(4, 24).map((length) => ({ count, distance, length }))),
)

/** Token of so many literals and a match of four. */
const abcd = Buffer.from('\x40abcd', 'latin1')
/** Four bytes from four before, then the literal `e`. */
const again = Buffer.from('\x00\x04\x00\x10e', 'latin1')

const malformed: readonly (readonly [string, Buffer, RegExp])[] = [
  ['no frame', Buffer.from('nothing of that kind'), /not an lz4 frame/],
  ['the legacy format', Buffer.from('02214c1800000000', 'hex'), /not an lz4 frame/],
  ['an unknown version', frame([0xa0, 0x40], abcd), /version/],
  ['a dictionary', frame([0x61, 0x40, 1, 2, 3, 4], abcd), /dictionary/],
  ['a frame that is cut off', frame([0x60, 0x40], abcd).subarray(0, 14), /middle/],
  ['a frame without its end', frame([0x60, 0x40], abcd).subarray(0, -4), /middle/],
  ['a match before the start', frame([0x60, 0x40], again), /malformed/],
  ['a match at no distance', frame([0x60, 0x40], Buffer.from('10610000', 'hex')), /malformed/],
  ['literals past the end', frame([0x60, 0x40], Buffer.from('f0ff', 'hex')), /malformed/],
  ['a block that ends with a match', frame([0x60, 0x40], abcd, again.subarray(0, 3)), /malformed/],
]

describe('runtime/lz4', () => {
  it('writes what others read, and reads what others write', () => {
    fc.assert(
      fc.property(contents, (bytes) => {
        const ours = Buffer.from(compressLz4(bytes))
        expect(decompressFrameSync(ours).equals(bytes)).to.equal(true)
        expect(decompressLz4(ours, MIB).equals(bytes)).to.equal(true)
        expect(decompressLz4(compressFrameSync(bytes), MIB).equals(bytes)).to.equal(true)
      }),
      { numRuns: 300 },
    )
  })

  it('writes what does not compress as it is', () => {
    const noise = Buffer.from(
      fc.sample(fc.uint8Array({ minLength: 70_000, maxLength: 70_000 }), 1)[0] ?? [],
    )
    const written = Buffer.from(compressLz4(noise))
    expect(written.length).to.be.at.most(noise.length + 32)
    expect(decompressLz4(written, MIB).equals(noise)).to.equal(true)
  })

  it('compresses text with names that repeat to a fraction', () => {
    const lines = Array.from({ length: 5000 }, (_, id) => `{"id":${id},"amount":${id % 97}}`)
    const text = Buffer.from(lines.join('\n'))
    expect(compressLz4(text).length).to.be.lessThan(text.length / 3)
  })

  it('follows matches into the block before', () => {
    expect(decompressLz4(frame([0x40, 0x40], abcd, again), MIB).toString()).to.equal('abcdabcde')
  })

  for (const [where, left] of [
    ['in the middle of a block', 40],
    ['at its end', 5],
  ] as const) {
    it(`copies what is about as long as a vector ${where}`, () => {
      const text = Buffer.from(range(0, 64))
      const first = { distance: 32, length: 4 }
      const start = unfolded([], text.subarray(0, 32), first)
      const last = text.subarray(0, left)
      for (const { count, ...match } of aboutAVector) {
        const literals = text.subarray(40, 40 + count)
        const block = [
          sequence(text.subarray(0, 32), first),
          sequence(literals, match),
          sequence(last),
        ]
        const bytes = decompressLz4(frame([0x60, 0x40], Buffer.concat(block)), MIB)
        const expected = Buffer.from([...unfolded(start, literals, match), ...last])
        const what = `${count} literals, ${match.length} from ${match.distance} before`
        expect(bytes.equals(expected), what).to.equal(true)
      }
    })
  }

  it('passes over the size of the content and the checksums of blocks', () => {
    const sized = frame([0x68, 0x40, 4, 0, 0, 0, 0, 0, 0, 0], abcd)
    expect(decompressLz4(sized, MIB).toString()).to.equal('abcd')
    const checked = Buffer.concat([abcd, int32(1)])
    const frameOfChecked = frame([0x70, 0x40], checked)
    frameOfChecked.writeUInt32LE(abcd.length, 7)
    expect(decompressLz4(frameOfChecked, MIB).toString()).to.equal('abcd')
  })

  for (const [what, bytes, says] of malformed) {
    it(`refuses ${what}`, () => {
      expect(() => decompressLz4(bytes, MIB)).to.throw(RangeError, says)
    })
  }

  it('stops at the cap, to the byte', () => {
    const bytes = Buffer.alloc(100_000, 'ab')
    expect(decompressLz4(compressLz4(bytes), bytes.length).equals(bytes)).to.equal(true)
    expect(() => decompressLz4(compressLz4(bytes), bytes.length - 1)).to.throw(/more than 99999/)
  })

  it('reads damaged frames to their cap at most, or refuses them', () => {
    const whole = Buffer.from(compressLz4(Buffer.from('some text, some more text, '.repeat(200))))
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(whole)
        damaged[at] = byte
        try {
          expect(decompressLz4(damaged, 70_000).length).to.be.at.most(70_000)
        } catch (error) {
          expect(error).to.be.instanceOf(RangeError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
