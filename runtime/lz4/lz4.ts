import { kernelBytes } from './kernel-bytes.ts'

/**
 * LZ4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md) as Kafka's clients write them. Checksums of
 * frames and blocks are passed over: the record batch around them has its own.
 */

const MAGIC = 0x184d2204
const VERSION = 0x40
const flag = { version: 0xc0, blockChecksums: 0x10, contentSize: 0x08, dictionary: 0x01 } as const
const BLOCK_BYTES = new Map([
  [4, 64 * 1024],
  [5, 256 * 1024],
  [6, 1024 * 1024],
  [7, 4 * 1024 * 1024],
])
/** In a block's length: its bytes are as they were. */
const STORED = 0x8000_0000
const CHECKSUM_BYTES = 4

/** Version 1, independent blocks of 64 KiB, no checksums; the last byte is the checksum of the two before. */
const HEADER = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82])
const MAX_BLOCK_BYTES = 64 * 1024

const PAGE_BYTES = 65_536
/** The kernel copies in vectors, past the end of what it copies. */
const SLACK_BYTES = 64
/** A frame that took more memory than this has it given back. */
const KEPT_BYTES = 16 * 1024 * 1024

interface Exports {
  readonly memory: WebAssembly.Memory
  heapBase(): number
  compressBlock(at: number, end: number, out: number): number
  decompressBlock(at: number, end: number, start: number, out: number, limit: number): number
}

let module: WebAssembly.Module | undefined
let instance: Exports | undefined

/** A whole frame. Its bytes are overwritten by the next call. */
export function compressLz4(bytes: Uint8Array): Buffer {
  const blocks = Math.ceil(bytes.length / MAX_BLOCK_BYTES)
  const kernel = kernelOf(bytes.length * 2 + blocks * (MAX_BLOCK_BYTES / 255 + SLACK_BYTES))
  const { input, out, memory } = place(kernel, bytes)
  memory.set(HEADER, out)
  let end = out + HEADER.length
  const view = new DataView(kernel.memory.buffer)
  for (let at = 0; at < bytes.length; at += MAX_BLOCK_BYTES) {
    const length = Math.min(MAX_BLOCK_BYTES, bytes.length - at)
    const first = input + at
    const compressed = kernel.compressBlock(first, first + length, end + 4) - end - 4
    const isStored = compressed >= length
    if (isStored) memory.copyWithin(end + 4, first, first + length)
    view.setUint32(end, isStored ? length + STORED : compressed, true)
    end += 4 + (isStored ? length : compressed)
  }
  view.setUint32(end, 0, true)
  return finish(kernel, out, end + 4)
}

/** What a frame holds, until the next call. Throws `RangeError` when it is malformed or holds more than `maxBytes`. */
export function decompressLz4(frame: Buffer, maxBytes: number): Buffer {
  const { blocks, bound } = blocksOf(frame)
  const limit = Math.min(bound, maxBytes)
  const kernel = kernelOf(frame.length + limit)
  const { input, out, memory } = place(kernel, frame)
  let end = out
  for (const { at, length, isStored } of blocks) {
    const first = input + at
    if (isStored && length > out + limit - end) throw tooLarge(maxBytes)
    if (isStored) {
      memory.copyWithin(end, first, first + length)
      end += length
    } else {
      end = kernel.decompressBlock(first, first + length, out, end, out + limit)
      if (end === 0)
        throw bound > maxBytes ? tooLarge(maxBytes) : new RangeError('a block is malformed')
    }
  }
  return finish(kernel, out, end)
}

interface Block {
  readonly at: number
  readonly length: number
  readonly isStored: boolean
}

/** Where the blocks lie, and how many bytes they can hold at most. */
function blocksOf(frame: Buffer): { readonly blocks: readonly Block[]; readonly bound: number } {
  const { start, blockBytes, trailer } = headerOf(frame)
  const blocks: Block[] = []
  for (let at = start; at + 4 <= frame.length;) {
    const word = frame.readUInt32LE(at)
    if (word === 0) return { blocks, bound: blocks.length * blockBytes }
    const length = word % STORED
    at += 4
    if (length > blockBytes || at + length + trailer > frame.length) break
    blocks.push({ at, length, isStored: word >= STORED })
    at += length + trailer
  }
  throw new RangeError('it ends in the middle')
}

function headerOf(frame: Buffer) {
  if (frame.length < HEADER.length || frame.readUInt32LE(0) !== MAGIC) {
    throw new RangeError('not an lz4 frame')
  }
  const flags = frame.readUInt8(4)
  const blockBytes = BLOCK_BYTES.get((frame.readUInt8(5) >>> 4) & 7)
  if ((flags & flag.version) !== VERSION || blockBytes === undefined) {
    throw new RangeError('not a version of the frame that is known')
  }
  if ((flags & flag.dictionary) !== 0) throw new RangeError('it needs a dictionary')
  return {
    start: HEADER.length + ((flags & flag.contentSize) === 0 ? 0 : 8),
    blockBytes,
    trailer: (flags & flag.blockChecksums) === 0 ? 0 : CHECKSUM_BYTES,
  }
}

function kernelOf(bytes: number): Exports {
  module ??= new WebAssembly.Module(Buffer.from(kernelBytes, 'base64'))
  instance ??= new WebAssembly.Instance(module).exports as unknown as Exports
  const { memory } = instance
  const missing = instance.heapBase() + bytes + 2 * SLACK_BYTES - memory.buffer.byteLength
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES))
  return instance
}

/** The input first, what becomes of it behind. */
function place(kernel: Exports, bytes: Uint8Array) {
  const memory = new Uint8Array(kernel.memory.buffer)
  const input = kernel.heapBase()
  memory.set(bytes, input)
  return { memory, input, out: input + bytes.length + SLACK_BYTES }
}

/** A view: whoever reads it through at once need not have it copied. */
function finish({ memory }: Exports, from: number, to: number): Buffer {
  if (memory.buffer.byteLength > KEPT_BYTES) instance = undefined
  return Buffer.from(memory.buffer, from, to - from)
}

const tooLarge = (maxBytes: number) =>
  new RangeError(`it would decompress to more than ${maxBytes} bytes`)
