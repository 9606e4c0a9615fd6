import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { compressSync, uncompressSync } from 'snappy'
import { compressLz4, decompressLz4 } from '../lz4/lz4.ts'
import { CorruptBatch } from './errors.ts'

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** In the order of the codec bits of a batch's attributes. */
export const compressions: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** The codecs by the names that a job gives them. */
export const compressionCalled = {
  None: 'none',
  Gzip: 'gzip',
  Snappy: 'snappy',
  Lz4: 'lz4',
  Zstd: 'zstd',
} as const satisfies Readonly<Record<string, Compression>>

/** A batch that grows past this is taken for a decompression bomb. */
export const MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024

interface Codec {
  /** True where results are overwritten by the next call. */
  readonly lends?: true
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
  lz4: { lends: true, compress: compressLz4, decompress: decompressLz4 },
  zstd: {
    compress: (bytes) => zstdCompressSync(bytes),
    decompress: (bytes, maxBytes) => zstdDecompressSync(bytes, { maxOutputLength: maxBytes }),
  },
}

/** Valid until the next call: for those who copy it on at once. */
export function lendCompressed(bytes: Buffer, compression: Compression): Buffer {
  return codecs[compression].compress(bytes)
}

export function compress(bytes: Buffer, compression: Compression): Buffer {
  return kept(lendCompressed(bytes, compression), compression)
}

const kept = (bytes: Buffer, compression: Compression): Buffer =>
  codecs[compression].lends === true ? Buffer.from(bytes) : bytes

/** Throws `CorruptBatch` when the bytes are not what the codec writes, or would grow past `maxBytes`. */
export function decompress(bytes: Buffer, compression: Compression, maxBytes?: number): Buffer {
  return kept(lendDecompressed(bytes, compression, maxBytes), compression)
}

/** The same, valid until the next call: for those who read it through at once. */
export function lendDecompressed(
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

const tooLarge = (maxBytes: number) =>
  new CorruptBatch(`would decompress to more than ${maxBytes} bytes`)
