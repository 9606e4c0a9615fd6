/** Buffers of one size that are used again: memory outside the heap costs a collection for every 64 MiB that is allocated. */
export class BufferPool {
  readonly #bytes: number
  readonly #max: number
  readonly #free: Buffer[] = []

  /** Keeps up to `max` buffers of `bytes` each. */
  constructor(bytes: number, max: number) {
    this.#bytes = bytes
    this.#max = max
  }

  /** Its content is whatever was there before. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bytes)
  }

  /** Takes back what is of the pool's size, as long as it has room. */
  give(buffer: Buffer): void {
    if (buffer.length === this.#bytes && this.#free.length < this.#max) this.#free.push(buffer)
  }
}
