import { at, writeInt64 } from './batch-header.ts'
import { RecordBatch } from './record-batch.ts'

/** The log of one partition: whole batches in memory, as a broker keeps them on disk. */
export class EmbeddedLog {
  readonly #batches: RecordBatch[] = []
  #startOffset = 0
  #endOffset = 0

  get startOffset(): number {
    return this.#startOffset
  }

  get endOffset(): number {
    return this.#endOffset
  }

  append(batch: Buffer): void {
    const stored = Buffer.from(batch)
    writeInt64(stored, at.baseOffset, this.#endOffset)
    const appended = new RecordBatch(stored)
    appended.columns() // a broker refuses what it cannot read
    this.#batches.push(appended)
    this.#endOffset = appended.nextOffset
  }

  /** Whole batches from the one that holds `offset` on; at least one, then up to `maxBytes`. */
  read(offset: number, maxBytes: number): RecordBatch[] {
    const found: RecordBatch[] = []
    let bytes = 0
    for (let index = this.#indexOf(offset); index < this.#batches.length; index++) {
      const batch = this.#batches[index]
      if (batch === undefined || (found.length > 0 && bytes + batch.bytes.length > maxBytes)) break
      bytes += batch.bytes.length
      found.push(batch)
    }
    return found
  }

  /** Forgets batches that lie wholly before `offset`, as retention does. */
  deleteBefore(offset: number): void {
    this.#batches.splice(0, this.#indexOf(offset))
    this.#startOffset = Math.max(this.#startOffset, offset)
  }

  #indexOf(offset: number): number {
    let low = 0
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#batches[middle]?.nextOffset ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
