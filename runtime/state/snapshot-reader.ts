import { type FileHandle, open } from 'node:fs/promises'
import {
  type BlockKind,
  crcOf,
  FORMAT,
  HEAD_BYTES,
  kindOf,
  type SnapshotFoot,
  type SnapshotHead,
} from './snapshot-format.ts'

/** Read from the file at a time. */
const CHUNK_BYTES = 4 * 1024 * 1024
/** A head is small. */
const HEAD_CHUNK_BYTES = 4096

/** A snapshot that cannot be used, and why. */
export class SnapshotRefused extends Error {
  override readonly name = 'SnapshotRefused'
}

export interface SnapshotUse {
  /** Throws `SnapshotRefused` when the snapshot is not one that is wanted. */
  readonly judge: (head: SnapshotHead) => void
  /** Each block of data, in their order; valid until the next one. */
  readonly take: (block: Buffer) => void
  /** True ends it early. */
  readonly isInterrupted: () => boolean
}

/**
 * Reads a snapshot from its beginning to its end; undefined where there is none, or when it was interrupted. Whatever is wrong
 * with the file is a `SnapshotRefused`, with blocks taken before: whoever took them has to forget them.
 */
export async function readSnapshot(
  path: string,
  use: SnapshotUse,
): Promise<(SnapshotHead & SnapshotFoot) | undefined> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'r')
    const { size } = await file.stat()
    return await readBlocks(new Blocks(file, size), use)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (error instanceof SnapshotRefused) throw error
    throw new SnapshotRefused((error as Error).message, { cause: error })
  } finally {
    await file?.close()
  }
}

/** What a file says that it is of; undefined where there is none that can be read. */
export async function readHead(path: string): Promise<SnapshotHead | undefined> {
  const file = await open(path, 'r').catch(() => undefined)
  try {
    return file && (await headOf(new Blocks(file, (await file.stat()).size, HEAD_CHUNK_BYTES)))
  } catch {
    return undefined
  } finally {
    await file?.close()
  }
}

async function headOf(blocks: Blocks): Promise<SnapshotHead> {
  const first = await blocks.next()
  if (first?.kind !== 'head') throw new SnapshotRefused('it is not a snapshot')
  const head = JSON.parse(first.bytes.toString()) as SnapshotHead
  const format: string = head.format
  if (format !== FORMAT) throw new SnapshotRefused(`its format is ${format}, not ${FORMAT}`)
  return head
}

async function readBlocks(blocks: Blocks, { judge, take, isInterrupted }: SnapshotUse) {
  const head = await headOf(blocks)
  judge(head)
  for (;;) {
    if (isInterrupted()) return undefined
    const block = await blocks.next()
    if (block === undefined) throw new SnapshotRefused('it ends before its last block')
    if (block.kind === 'foot') return { ...head, ...footOf(block.bytes, blocks) }
    take(block.bytes)
  }
}

function footOf(bytes: Buffer, { position, size }: Blocks): SnapshotFoot {
  if (position !== size) throw new SnapshotRefused(`${size - position} bytes follow its last block`)
  return JSON.parse(bytes.toString()) as SnapshotFoot
}

/** The blocks of a file, each checked. */
class Blocks {
  readonly size: number
  /** Where the next block begins. */
  position = 0
  readonly #file: FileHandle
  #buffer: Buffer
  /** What is read and not handed out lies between the two. */
  #from = 0
  #to = 0
  #crc = 0

  constructor(file: FileHandle, size: number, chunkBytes = CHUNK_BYTES) {
    this.#file = file
    this.size = size
    this.#buffer = Buffer.allocUnsafe(Math.min(chunkBytes, size))
  }

  /** A view that is valid until the next call; undefined at the end of the file. */
  async next(): Promise<{ readonly kind: BlockKind; readonly bytes: Buffer } | undefined> {
    if (this.position === this.size) return undefined
    const head = Buffer.from(await this.#take(HEAD_BYTES))
    const bytes = await this.#take(head.readUInt32LE(0))
    this.#crc = crcOf(head, bytes, this.#crc)
    const kind = kindOf(head.readUInt32LE(4))
    if (kind === undefined || this.#crc !== head.readUInt32LE(8)) {
      const at = this.position - bytes.length - HEAD_BYTES
      throw new SnapshotRefused(`the block at byte ${at} fails its CRC`)
    }
    return { kind, bytes }
  }

  async #take(length: number): Promise<Buffer> {
    if (this.position + length > this.size)
      throw new SnapshotRefused(`it ends in the middle of the block at byte ${this.position}`)
    while (this.#to - this.#from < length) await this.#read(length)
    const taken = this.#buffer.subarray(this.#from, this.#from + length)
    this.#from += length
    this.position += length
    return taken
  }

  async #read(wanted: number): Promise<void> {
    const rest = this.#buffer.subarray(this.#from, this.#to)
    const next = wanted > this.#buffer.length ? Buffer.allocUnsafe(wanted) : this.#buffer
    rest.copy(next)
    this.#buffer = next
    this.#from = 0
    this.#to = rest.length
    const { bytesRead } = await this.#file.read(next, this.#to, next.length - this.#to)
    if (bytesRead === 0) throw new SnapshotRefused('it became shorter while it was read')
    this.#to += bytesRead
  }
}
