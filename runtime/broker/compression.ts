import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import { compressSync, uncompressSync } from 'snappy'
import { CorruptBatch } from './errors.ts'

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** In the order of the codec bits of a batch's attributes. */
export const compressions: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** A batch that grows past this is taken for a decompression bomb. */
export const MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024

interface Codec {
  compress(bytes: Buffer): Buffer
  decompress(bytes: Buffer, maxBytes: number): Buffer
}

const codecs: Readonly<Record<Compression, Codec>> = {
  none: { compress: (bytes) => bytes, decompress: (bytes) => bytes },
  gzip: {
    compress: (bytes) => gzipSync(bytes),
    decompress: (bytes, maxBytes) => gunzipSync(bytes, { maxOutputLength: maxBytes }),
  },
  snappy: { compress: (bytes) => compressSync(bytes), decompress: uncompressSnappy },
  lz4: { compress: (bytes) => compressFrameSync(bytes), decompress: uncompressLz4 },
  zstd: {
    compress: (bytes) => zstdCompressSync(bytes),
    decompress: (bytes, maxBytes) => zstdDecompressSync(bytes, { maxOutputLength: maxBytes }),
  },
}

export function compress(bytes: Buffer, compression: Compression): Buffer {
  return codecs[compression].compress(bytes)
}

/** Throws `CorruptBatch` when the bytes are not what the codec writes, or would grow past `maxBytes`. */
export function decompress(
  bytes: Buffer,
  compression: Compression,
  maxBytes = MAX_DECOMPRESSED_BYTES,
): Buffer {
  try {
    return codecs[compression].decompress(bytes, maxBytes)
  } catch (error) {
    if (error instanceof CorruptBatch) throw error
    throw new CorruptBatch(`cannot decompress ${compression}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** Java's snappy library frames its blocks ("xerial"): this magic, two versions, then blocks with their lengths. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER_BYTES = 16

function uncompressSnappy(bytes: Buffer, maxBytes: number): Buffer {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
    return uncompressSnappyBlock(bytes, maxBytes)
  }
  const blocks: Buffer[] = []
  let left = maxBytes
  for (let position = XERIAL_HEADER_BYTES; position < bytes.length;) {
    const length = bytes.readUInt32BE(position)
    position += 4
    if (position + length > bytes.length) throw new CorruptBatch('snappy block past the end')
    const block = uncompressSnappyBlock(bytes.subarray(position, position + length), left)
    left -= block.length
    blocks.push(block)
    position += length
  }
  return Buffer.concat(blocks)
}

function uncompressSnappyBlock(bytes: Buffer, maxBytes: number): Buffer {
  if (snappyLength(bytes) > maxBytes) throw tooLarge(maxBytes)
  return uncompressSync(bytes, { asBuffer: true }) as Buffer
}

/** A raw snappy block starts with its uncompressed length as an unsigned varint. */
function snappyLength(bytes: Buffer): number {
  let length = 0
  for (let index = 0, scale = 1; index < 5; index++, scale *= 128) {
    const byte = bytes[index] ?? 0
    length += (byte & 0x7f) * scale
    if (byte < 0x80) break
  }
  return length
}

/** Of the frame format. The library also reads legacy frames, whose blocks are not bounded as below; no client writes them. */
const LZ4_MAGIC = 0x184d2204
const LZ4_BLOCK_MAX_BYTES: Readonly<Record<number, number>> = {
  4: 64 << 10,
  5: 256 << 10,
  6: 1 << 20,
  7: 4 << 20,
}
const LZ4_HEADER_BYTES = 7
const LZ4_CONTENT_SIZE_FLAG = 0x08
const LZ4_BLOCK_CHECKSUM_FLAG = 0x10

function uncompressLz4(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.length < LZ4_HEADER_BYTES || bytes.readUInt32LE(0) !== LZ4_MAGIC)
    throw new CorruptBatch('not an lz4 frame')
  if (lz4Bound(bytes) > maxBytes) throw tooLarge(maxBytes)
  return decompressFrameSync(bytes)
}

/** The library has no cap of its own; all blocks but the last are full, so counting them bounds the output. */
function lz4Bound(bytes: Buffer): number {
  const flags = bytes[4] ?? 0
  const blockMax = LZ4_BLOCK_MAX_BYTES[((bytes[5] ?? 0) >>> 4) & 7] ?? 0
  const checksumBytes = (flags & LZ4_BLOCK_CHECKSUM_FLAG) !== 0 ? 4 : 0
  let position = LZ4_HEADER_BYTES + ((flags & LZ4_CONTENT_SIZE_FLAG) !== 0 ? 8 : 0)
  let fullBlocks = -1
  while (position + 4 <= bytes.length) {
    const size = bytes.readUInt32LE(position) & 0x7fffffff
    if (size === 0) break
    position += 4 + size + checksumBytes
    fullBlocks++
  }
  return fullBlocks * blockMax
}

const tooLarge = (maxBytes: number) =>
  new CorruptBatch(`would decompress to more than ${maxBytes} bytes`)
