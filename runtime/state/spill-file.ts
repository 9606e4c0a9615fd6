import { closeSync, mkdirSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'

let opened = 0

/** Chunks of one size on disk. The file has no name: it goes with the process, however that ends. */
export class SpillFile {
  readonly #fd: number
  readonly #chunkBytes: number
  readonly #free: number[] = []
  #slots = 0
  /** The chunk that was read last, and its slot. */
  #whole: Buffer | undefined
  #wholeSlot = -1

  /** Throws where there can be no file. */
  constructor(directory: string, chunkBytes: number) {
    mkdirSync(directory, { recursive: true })
    const path = join(directory, `${process.pid}-${performance.now()}-${opened++}.spill`)
    this.#fd = openSync(path, 'wx+')
    unlinkSync(path)
    this.#chunkBytes = chunkBytes
  }

  get bytes(): number {
    return (this.#slots - this.#free.length) * this.#chunkBytes
  }

  /** Returns the slot of the chunk. Throws where there is no room. */
  write(chunk: Uint8Array): number {
    const slot = this.#free.at(-1) ?? this.#slots
    if (slot === this.#wholeSlot) this.#wholeSlot = -1
    for (let done = 0; done < chunk.length;) {
      const at = slot * this.#chunkBytes + done
      done += writeSync(this.#fd, chunk, done, chunk.length - done, at)
    }
    if (slot === this.#slots) this.#slots++
    else this.#free.pop()
    return slot
  }

  /** Throws where the disk does not give back what it got. */
  read(slot: number, start: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    this.#fill(bytes, slot, start)
    return bytes
  }

  /** A view of all of it, valid until the next one: values that are asked for in their order cost one call of the disk for each chunk. */
  chunk(slot: number): Buffer {
    this.#whole ??= Buffer.allocUnsafeSlow(this.#chunkBytes)
    if (slot === this.#wholeSlot) return this.#whole
    this.#wholeSlot = -1
    this.#fill(this.#whole, slot, 0)
    this.#wholeSlot = slot
    return this.#whole
  }

  free(slot: number): void {
    this.#free.push(slot)
  }

  close(): void {
    closeSync(this.#fd)
  }

  #fill(bytes: Buffer, slot: number, start: number): void {
    for (let done = 0; done < bytes.length;) {
      const read = readSync(this.#fd, bytes, {
        ...{ offset: done, length: bytes.length - done },
        position: slot * this.#chunkBytes + start + done,
      })
      if (read === 0) throw new Error(`a file of spilled state ends before slot ${slot}`)
      done += read
    }
  }
}
