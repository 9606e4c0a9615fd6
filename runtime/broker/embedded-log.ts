import { at, attribute, stampProducer, writeInt64 } from './batch-header.ts'
import type { FetchedBatches } from './fetched-batches.ts'
import type { AbortedTransaction } from './kafka-fetch-request.ts'
import type { ProducerIdentity } from './kafka-partition-queue.ts'
import { onlyCommitted } from './read-committed.ts'
import { RecordBatch } from './record-batch.ts'
import { RecordBatchBuilder } from './record-batch-builder.ts'

/** The log of one partition: whole batches in memory, as a broker keeps them on disk. */
export class EmbeddedLog {
  readonly #batches: RecordBatch[] = []
  /** Producer → where its open transaction begins here. */
  readonly #open = new Map<bigint, number>()
  readonly #aborted: (AbortedTransaction & { readonly lastOffset: number })[] = []
  #startOffset = 0
  #endOffset = 0

  get startOffset(): number {
    return this.#startOffset
  }

  get endOffset(): number {
    return this.#endOffset
  }

  /** Up to here transactions are over. */
  get lastStableOffset(): number {
    return Math.min(this.#endOffset, ...this.#open.values())
  }

  append(batch: Buffer): void {
    const stored = Buffer.from(batch)
    writeInt64(stored, at.baseOffset, this.#endOffset)
    const appended = new RecordBatch(stored)
    appended.columns() // a broker refuses what it cannot read
    const { producerId, isTransactional } = appended
    if (isTransactional && !this.#open.has(producerId)) this.#open.set(producerId, this.#endOffset)
    this.#batches.push(appended)
    this.#endOffset = appended.nextOffset
  }

  endTransaction(producer: ProducerIdentity, isCommitted: boolean): void {
    const { producerId } = producer
    const firstOffset = this.#open.get(producerId)
    if (firstOffset === undefined) return
    if (!isCommitted) this.#aborted.push({ producerId, firstOffset, lastOffset: this.#endOffset })
    this.append(endMarker(producer, isCommitted))
    this.#open.delete(producerId)
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

  /** The same up to the last stable offset, without what is not for consumers. */
  readCommitted(offset: number, maxBytes: number): FetchedBatches {
    const stable = this.lastStableOffset
    const batches = this.read(offset, maxBytes).filter(({ nextOffset }) => nextOffset <= stable)
    const aborted = this.#aborted.filter(({ lastOffset }) => lastOffset >= offset)
    const nextOffset = batches.at(-1)?.nextOffset ?? offset
    return { batches: onlyCommitted(batches, aborted), nextOffset }
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

/** The key of its record is a version and a type, each an int16; the value the epoch of a coordinator. */
function endMarker(producer: ProducerIdentity, isCommitted: boolean): Buffer {
  const key = Buffer.alloc(4)
  key.writeInt16BE(isCommitted ? 1 : 0, 2)
  const builder = new RecordBatchBuilder()
  builder.append(0, key, Buffer.alloc(6))
  const batch = builder.build()
  batch.writeInt16BE(attribute.control, at.attributes)
  stampProducer(batch, { ...producer, sequence: -1, isTransactional: true })
  return batch
}
