import { at, type ProducerStamp, stampProducer } from './batch-header.ts'
import type { TopicPartition } from './broker.ts'
import { splitBatch } from './split-batch.ts'

export type ProducerIdentity = Omit<ProducerStamp, 'sequence'>

/** A batch in a queue. Its sequence is given once; sent again it is the same bytes, which the broker recognises. */
export interface QueuedBatch {
  readonly bytes: Buffer
  sequence: number | undefined
  /** Called when it is acknowledged. */
  readonly release?: (() => void) | undefined
}

/** Sequences are int32 and go from 2^31 - 1 to 0. */
const SEQUENCES = 2 ** 31

/**
 * The batches of one partition, oldest first; the first few are in flight. Once one of them fails, no more is sent until
 * all in flight are answered and the producer has looked where the partition is: then everything unacknowledged goes out
 * again in the same order under the same sequences.
 */
export class PartitionQueue {
  readonly to: TopicPartition
  /** What sending is called in messages. */
  readonly what: string
  #batches: QueuedBatch[] = []
  /** How many of the first batches were sent since the last rewind. */
  #sent = 0
  #unanswered = 0
  #identity: ProducerIdentity | undefined
  #nextSequence: number
  #held = false
  #released = false
  #startAfresh = false
  /** True once the broker has written something of our identity here. */
  #isKnown = false
  /** Failures in a row. */
  failures = 0
  /** The offset after the last batch that was acknowledged. */
  writtenUpTo: number | undefined
  /** Monotonic time since when the cluster says that there is no such partition. */
  missingSince: number | undefined

  constructor(to: TopicPartition, firstSequence = 0) {
    this.to = to
    this.what = `produce to ${to.topic}-${to.partition}`
    this.#nextSequence = firstSequence
  }

  get isHeld(): boolean {
    return this.#held
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0
  }

  add(bytes: Buffer, release?: () => void): void {
    this.#batches.push({ bytes, sequence: undefined, release })
  }

  /**
   * The batch that is to be sent next, unless the queue is held. The first one goes alone: a broker that has nothing of a
   * producer takes any sequence, so one behind a batch that fails would be written before it.
   */
  next(): QueuedBatch | undefined {
    const mustWait = this.#held || (!this.#isKnown && this.#unanswered > 0)
    return mustWait ? undefined : this.#batches[this.#sent]
  }

  /** Marks `next()` as sent. The queue keeps the first identity it is given until `startAfresh`. */
  take(identity: ProducerIdentity): QueuedBatch | undefined {
    const batch = this.next()
    if (batch === undefined) return undefined
    this.#identity ??= identity
    if (batch.sequence === undefined) {
      this.#stamp(batch, this.#nextSequence)
      this.#nextSequence = after(this.#nextSequence, batch)
    }
    this.#sent++
    this.#unanswered++
    return batch
  }

  /** True for the oldest batch: everything before it is acknowledged, so an error of sequence is about the broker. */
  isOldest(batch: QueuedBatch): boolean {
    return this.#batches[0] === batch
  }

  /** False for a batch that was dropped meanwhile. */
  has(batch: QueuedBatch): boolean {
    return this.#batches.includes(batch)
  }

  /** `baseOffset`: -1 where the broker does not say it. */
  acknowledged(batch: QueuedBatch, baseOffset = -1): void {
    if (baseOffset >= 0) this.writtenUpTo = baseOffset + batch.bytes.readInt32BE(at.recordCount)
    const index = this.#batches.indexOf(batch)
    if (index >= 0) {
      this.#batches.splice(index, 1)
      this.#sent--
      this.failures = 0
      this.missingSince = undefined
      this.#isKnown = true
      batch.release?.()
    }
    this.#answered()
  }

  /** To be sent again. True for the first failure since the last rewind: its receiver calls `release` in time. */
  failed(): boolean {
    const first = !this.#held
    this.#held = true
    if (first) this.failures++
    this.#answered()
    return first
  }

  /** The broker has forgotten this producer: what is left goes out under a new identity from sequence 0. */
  startAfresh(): void {
    this.#startAfresh = true
  }

  /** Puts two halves in a batch's place; undefined when it is one record. Together they take its sequences. */
  split(batch: QueuedBatch): readonly QueuedBatch[] | undefined {
    const index = this.#batches.indexOf(batch)
    const halves = splitBatch(batch.bytes)
    if (halves === undefined || index < 0) return undefined
    let sequence = batch.sequence ?? 0
    const queued = halves.map((bytes) => {
      const half: QueuedBatch = { bytes, sequence: undefined }
      this.#stamp(half, sequence)
      sequence = after(sequence, half)
      return half
    })
    this.#batches.splice(index, 1, ...queued)
    return queued
  }

  /** Ends the hold, as soon as nothing is in flight. */
  release(): void {
    if (!this.#held) return
    this.#released = true
    this.#rewind()
  }

  /** Forgets everything unacknowledged. What is in flight may still be written; its sequences are never used again. */
  clear(): void {
    this.#batches = []
    this.#sent = 0
    this.#startAfresh = true
    this.#held = true
    this.release()
  }

  #answered(): void {
    this.#unanswered--
    this.#rewind()
  }

  #rewind(): void {
    if (!this.#released || this.#unanswered > 0) return
    this.#held = false
    this.#released = false
    this.#sent = 0
    if (this.#startAfresh) this.#forgetIdentity()
  }

  #forgetIdentity(): void {
    this.#startAfresh = false
    this.#isKnown = false
    this.#identity = undefined
    this.#nextSequence = 0
    for (const batch of this.#batches) batch.sequence = undefined
  }

  #stamp(batch: QueuedBatch, sequence: number): void {
    if (this.#identity === undefined) return
    stampProducer(batch.bytes, { ...this.#identity, sequence })
    batch.sequence = sequence
  }
}

const after = (sequence: number, { bytes }: QueuedBatch): number =>
  (sequence + bytes.readInt32BE(at.recordCount)) % SEQUENCES
