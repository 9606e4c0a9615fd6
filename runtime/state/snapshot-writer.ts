import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  type BlockKind,
  blockHead,
  type SnapshotFoot,
  type SnapshotHead,
} from './snapshot-format.ts'

/**
 * Writes a snapshot beside the one that is there, and puts it in its place once it is on the disk. Blocks are written in the
 * background, in their order; the first failure ends it.
 */
export class SnapshotWriter {
  readonly #path: string
  readonly #temporary: string
  #file: FileHandle | undefined
  #work: Promise<void>
  #crc = 0
  #pendingBytes = 0
  #failure: Error | undefined

  /** `writer`: nobody else has this name at the time. */
  constructor(path: string, writer: string, head: SnapshotHead) {
    this.#path = path
    this.#temporary = `${path}.${writer}.tmp`
    this.#work = Promise.resolve()
    this.#then(async () => {
      await mkdir(dirname(path), { recursive: true })
      this.#file = await open(this.#temporary, 'w')
    })
    this.#append('head', Buffer.from(JSON.stringify(head)))
  }

  /** Not yet written. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get failure(): Error | undefined {
    return this.#failure
  }

  add(block: Buffer): void {
    this.#append('data', block)
  }

  /** Resolves once the snapshot is there whatever happens; throws the first failure. */
  async finish(foot: SnapshotFoot): Promise<void> {
    this.#append('foot', Buffer.from(JSON.stringify(foot)))
    this.#then(async () => {
      await this.#file?.sync()
      await this.#close()
      await rename(this.#temporary, this.#path)
      await syncDirectory(dirname(this.#path))
    })
    await this.#work
    if (this.#failure === undefined) return
    await this.discard()
    throw this.#failure
  }

  /** Leaves nothing behind, if it can. */
  async discard(): Promise<void> {
    await this.#work
    await this.#close().catch(() => undefined)
    await rm(this.#temporary, { force: true }).catch(() => undefined)
  }

  #append(kind: BlockKind, block: Buffer): void {
    if (this.#failure !== undefined) return
    const { head, crc } = blockHead(kind, block, this.#crc)
    this.#crc = crc
    this.#pendingBytes += block.length
    this.#then(async () => {
      await this.#file?.appendFile(head)
      await this.#file?.appendFile(block)
      this.#pendingBytes -= block.length
    })
  }

  /** After all before; not at all once something has failed. */
  #then(step: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#failure !== undefined) return
      await step().catch((error: unknown) => (this.#failure = error as Error))
    })
  }

  async #close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}

/** A new name is on the disk only when the directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
