import { BufferPool } from './buffer-pool.ts'
import type { RecordBatch } from './record-batch.ts'

/** Memory is of multiples of so much. A smaller answer, such as of a poll that found little, is not worth its return. */
const STEP_BYTES = 64 * 1024
/** Of memory that waits for its next use: a few times what one poll returns. */
const POOL_BYTES = 8 * 1024 * 1024

/**
 * Memory for answers with records, used again. Who owns it:
 *
 * - An answer is the socket's while it is filled, then the fetcher's, which cuts it into batches.
 * - `lend` counts the batches that are handed out. Others of the answer, of a partition that is paused or was moved, are
 *   looked at by nobody.
 * - Whoever a batch was handed to may give it back by `RecordBatch.release`, once, when nobody reads it any more. The last
 *   one gives its answer's memory to the next answer, which overwrites it.
 * - Nobody has to. A batch that is dropped, or of which somebody may still hold a view, is left to the garbage collector,
 *   and so is all of its answer.
 */
export class AnswerPool {
  readonly #buffers = new BufferPool(POOL_BYTES)
  /** By the memory of an answer, how many of its batches are out. */
  readonly #loans = new WeakMap<ArrayBufferLike, { out: number }>()

  /** Exactly so large. */
  take(bytes: number): Buffer {
    if (bytes < STEP_BYTES) return Buffer.allocUnsafe(bytes)
    const buffer = this.#buffers.take(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES)
    this.#loans.set(buffer.buffer, { out: 0 })
    return buffer.subarray(0, bytes)
  }

  /** To be called for all batches of an answer before any of them is handed out. */
  lend(batches: readonly RecordBatch[]): void {
    for (const batch of batches) {
      const { buffer: memory } = batch.bytes
      const loan = this.#loans.get(memory)
      if (loan === undefined) continue
      loan.out++
      batch.whenReleased(() => {
        if (--loan.out > 0) return
        this.#loans.delete(memory)
        this.#buffers.give(Buffer.from(memory))
      })
    }
  }
}
