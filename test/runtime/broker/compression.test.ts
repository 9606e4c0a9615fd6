import { expect } from 'chai'
import { compressSync } from 'lz4-napi'
import { type Compression, compress, decompress } from '../../../runtime/broker/compression.ts'
import { CorruptBatch } from '../../../runtime/broker/errors.ts'

const MIB = 1 << 20
const zeros = Buffer.alloc(64 * MIB)

/** Blocks as Java's snappy library frames them. */
function xerial(blocks: readonly Buffer[]): Buffer {
  const framed = blocks.flatMap((block) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(block.length)
    return [length, block]
  })
  return Buffer.concat([Buffer.from('82534e41505059000000000100000001', 'hex'), ...framed])
}

/** The format before frames, with blocks of 8 MiB: 30 times 8 MiB in one. */
function lz4Legacy(): Buffer {
  const block = compressSync(zeros.subarray(0, 8 * MIB)).subarray(4)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(block.length)
  const blocks = Array.from({ length: 30 }, () => Buffer.concat([length, block]))
  return Buffer.concat([Buffer.from('02214c18', 'hex'), ...blocks])
}

const bombs: readonly (readonly [string, Compression, Buffer])[] = [
  ['gzip', 'gzip', compress(zeros, 'gzip')],
  ['snappy', 'snappy', compress(zeros, 'snappy')],
  ['a snappy length of 4 GiB', 'snappy', Buffer.from('ffffffff0f00', 'hex')],
  [
    'snappy of many blocks',
    'snappy',
    xerial(Array.from({ length: 64 }, () => compress(zeros.subarray(0, MIB), 'snappy'))),
  ],
  ['lz4', 'lz4', compress(zeros, 'lz4')],
  ['lz4 of the legacy format', 'lz4', lz4Legacy()],
  ['zstd', 'zstd', compress(zeros, 'zstd')],
]

describe('runtime/broker/compression.ts', () => {
  for (const [what, compression, bomb] of bombs) {
    it(`refuses a decompression bomb: ${what}`, () => {
      const before = process.memoryUsage().rss
      expect(() => decompress(bomb, compression, MIB)).to.throw(CorruptBatch)
      expect(process.memoryUsage().rss - before).to.be.lessThan(32 * MIB)
    })
  }

  for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    it(`refuses what is cut off, ${compression}`, () => {
      const whole = compress(Buffer.from('some text '.repeat(100)), compression)
      const cut = whole.subarray(0, whole.length - 9)
      expect(() => decompress(cut, compression)).to.throw(CorruptBatch, compression)
    })
  }

  it('reads the blocks of Java’s snappy one after another', () => {
    const blocks = ['first, ', 'second'].map((text) => compress(Buffer.from(text), 'snappy'))
    expect(decompress(xerial(blocks), 'snappy').toString()).to.equal('first, second')
  })
})
