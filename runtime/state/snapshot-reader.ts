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
const PIECE_BYTES = 4 * 1024 * 1024
/** A head is small. */
const HEAD_PIECE_BYTES = 4096
/** Before each piece, for the rest of the one before: a block of usual size. */
const MARGIN_BYTES = 512 * 1024

/** A snapshot that cannot be used, and why. */
export class SnapshotRefused extends Error {
  override readonly name = 'SnapshotRefused'
}

export interface SnapshotUse {
  /** Called before any block. Throws `SnapshotRefused` when the snapshot is not one that is wanted. */
  readonly onHead: (head: SnapshotHead) => void
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
    return file && (await headOf(new Blocks(file, (await file.stat()).size, HEAD_PIECE_BYTES)))
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

async function readBlocks(blocks: Blocks, { onHead, take, isInterrupted }: SnapshotUse) {
  const head = await headOf(blocks)
  onHead(head)
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

/** The blocks of a file, each checked. While one piece of the file is looked at, the next is read. */
class Blocks {
  readonly size: number
  /** Where the next block begins. */
  position = 0
  readonly #file: FileHandle
  /** What is looked at, and what is read meanwhile; they take turns. */
  #piece: Buffer
  #nextPiece: Buffer
  #reading: Promise<number> | undefined
  readonly #margin: number
  #buffer: Buffer
  /** What is read and not handed out lies between the two. */
  #from: number
  #to: number
  #crc = 0

  constructor(file: FileHandle, size: number, pieceBytes = PIECE_BYTES) {
    this.#file = file
    this.size = size
    this.#margin = this.#from = this.#to = Math.min(MARGIN_BYTES, size)
    const piece = () => Buffer.allocUnsafeSlow(this.#margin + Math.min(pieceBytes, size))
    this.#piece = piece()
    this.#nextPiece = piece()
    this.#buffer = this.#piece
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
    while (this.#to - this.#from < length) await this.#goOn()
    const taken = this.#buffer.subarray(this.#from, this.#from + length)
    this.#from += length
    this.position += length
    return taken
  }

  /** Puts the next piece behind what is left of the one before. */
  async #goOn(): Promise<void> {
    const bytesRead = await (this.#reading ?? this.#read())
    if (bytesRead === 0) throw new SnapshotRefused('it became shorter while it was read')
    const rest = this.#buffer.subarray(this.#from, this.#to)
    const fits = rest.length <= this.#margin
    const [piece, end] = [this.#nextPiece, this.#margin + bytesRead]
    if (fits) rest.copy(piece, this.#margin - rest.length)
    this.#buffer = fits ? piece : Buffer.concat([rest, piece.subarray(this.#margin, end)])
    this.#from = fits ? this.#margin - rest.length : 0
    this.#to = fits ? end : this.#buffer.length
    this.#nextPiece = this.#piece
    this.#piece = piece
    this.#reading = this.#read()
  }

  #read(): Promise<number> {
    const piece = this.#nextPiece
    const reading = this.#file
      .read(piece, this.#margin, piece.length - this.#margin)
      .then(({ bytesRead }) => bytesRead)
    // Nobody waits for it where reading ends early.
    reading.catch(() => undefined)
    return reading
  }
}
