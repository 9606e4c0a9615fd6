/**
 * Buffers that are used again. Memory outside the heap costs a collection of the whole heap for every 64 MiB that is
 * allocated, however small the heap is.
 */
export class BufferPool {
  readonly #maxBytes: number
  readonly #free = new Map<number, Buffer[]>()
  #bytes = 0

  /** Keeps buffers of `maxBytes` in all. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Exactly so large. Its content is whatever was there before. */
  take(bytes: number): Buffer {
    const buffer = this.#free.get(bytes)?.pop()
    if (buffer === undefined) return Buffer.allocUnsafeSlow(bytes)
    this.#bytes -= bytes
    return buffer
  }

  /** Takes a buffer back. A full pool starts anew: it may hold sizes that nobody wants any more. */
  give(buffer: Buffer): void {
    if (buffer.length > this.#maxBytes) return
    if (this.#bytes + buffer.length > this.#maxBytes) this.#clear()
    const free = this.#free.get(buffer.length) ?? []
    this.#free.set(buffer.length, free)
    free.push(buffer)
    this.#bytes += buffer.length
  }

  #clear(): void {
    this.#free.clear()
    this.#bytes = 0
  }
}
