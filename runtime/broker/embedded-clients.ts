import { sleep, type Clock } from '../platform/clock.ts'
import type {
  CommitAs,
  FetchedPartition,
  Fetcher,
  FetcherOptions,
  GroupMember,
  GroupMemberOptions,
  Membership,
  PartitionOffset,
  Producer,
  TopicPartition,
} from './broker.ts'
import { writeCrc } from './batch-header.ts'
import type { EmbeddedGroup } from './embedded-group.ts'
import type { EmbeddedLog } from './embedded-log.ts'
import { BrokerError, CommitRejected, OffsetOutOfRange } from './errors.ts'
import { partitionKey } from './partition-key.ts'
import { RecordBatch } from './record-batch.ts'

const OVERWRITTEN = 0xdb

/** What the clients see of the embedded broker. */
export interface EmbeddedLogs {
  log(at: TopicPartition): EmbeddedLog | undefined
  /** Returns the offset after the batch. */
  append(to: TopicPartition, batch: Buffer): number
  /** Calls back whenever there may be more to read, until the returned function is called. */
  onAppend(listener: () => void): () => void
}

/** Appends at once: in one process there is nothing to wait for. */
export class EmbeddedProducer implements Producer {
  readonly pendingBytes = 0
  readonly throttledMs = 0
  readonly #logs: EmbeddedLogs
  readonly #writtenUpTo = new Map<string, number>()
  #failure: Error | undefined

  constructor(logs: EmbeddedLogs) {
    this.#logs = logs
  }

  send(to: TopicPartition, batch: Buffer, release?: () => void): void {
    if (this.#failure !== undefined) return
    try {
      writeCrc(batch)
      this.#writtenUpTo.set(partitionKey(to), this.#logs.append(to, batch))
      release?.()
    } catch (error) {
      this.#failure ??= error as Error
    }
  }

  async flush(): Promise<void> {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }

  drainTo(): Promise<void> {
    return Promise.resolve()
  }

  writtenUpTo(partition: TopicPartition): number | undefined {
    return this.#writtenUpTo.get(partitionKey(partition))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

interface Reading {
  readonly partition: TopicPartition
  position: number
  paused: boolean
}

export class EmbeddedFetcher implements Fetcher {
  readonly throttledMs = 0
  readonly #logs: EmbeddedLogs
  readonly #clock: Clock
  readonly #options: FetcherOptions
  readonly #reading = new Map<string, Reading>()
  #woken = new AbortController()

  constructor(logs: EmbeddedLogs, clock: Clock, options: FetcherOptions) {
    this.#logs = logs
    this.#clock = clock
    this.#options = options
  }

  assign({ topic, partition, offset }: PartitionOffset): void {
    this.#reading.set(partitionKey({ topic, partition }), {
      partition: { topic, partition },
      position: offset,
      paused: false,
    })
  }

  unassign(partition: TopicPartition): void {
    this.#reading.delete(partitionKey(partition))
  }

  pause(partition: TopicPartition): void {
    this.#setPaused(partition, true)
  }

  resume(partition: TopicPartition): void {
    this.#setPaused(partition, false)
  }

  position(partition: TopicPartition): number | undefined {
    return this.#reading.get(partitionKey(partition))?.position
  }

  drainedAt(partition: TopicPartition): number | undefined {
    const end = this.#logs.log(partition)?.endOffset ?? Infinity
    return (this.position(partition) ?? -1) < end ? undefined : this.#clock.monotonic()
  }

  hurry(): void {
    // What the log says is so at this very moment.
  }

  async poll(maxWaitMs: number): Promise<readonly FetchedPartition[]> {
    const waiting = new AbortController()
    this.#woken = waiting
    const stopListening = this.#logs.onAppend(() => waiting.abort())
    try {
      const found = this.#read()
      if (found.length > 0 || maxWaitMs <= 0) return found
      await sleep(this.#clock, maxWaitMs, waiting.signal)
      return this.#read()
    } finally {
      stopListening()
    }
  }

  wake(): void {
    this.#woken.abort()
  }

  close(): Promise<void> {
    this.#reading.clear()
    this.wake()
    return Promise.resolve()
  }

  #setPaused(partition: TopicPartition, paused: boolean): void {
    const reading = this.#reading.get(partitionKey(partition))
    if (reading !== undefined) reading.paused = paused
  }

  #read(): FetchedPartition[] {
    const found: FetchedPartition[] = []
    let left = this.#options.maxBytes
    for (const reading of this.#reading.values()) {
      if (reading.paused || left <= 0) continue
      const { partition, position } = reading
      const log = this.#logs.log(partition)
      if (log === undefined) continue
      if (position < log.startOffset || position > log.endOffset) {
        const range = { start: log.startOffset, end: log.endOffset }
        throw new OffsetOutOfRange({ ...partition, offset: position }, range)
      }
      const { batches, nextOffset } = log.readCommitted(position, left)
      if (nextOffset === position) continue
      left -= batches.reduce((sum, batch) => sum + batch.bytes.length, 0)
      reading.position = nextOffset
      const highWatermark = log.lastStableOffset
      const receivedAt = this.#clock.monotonic()
      found.push({
        ...partition,
        position,
        nextOffset,
        batches: batches.map(lent),
        highWatermark,
        receivedAt,
      })
    }
    return found
  }
}

/** A copy that is overwritten when it is released, so that whoever looks at it later reads nonsense, and soon. */
function lent({ bytes }: RecordBatch): RecordBatch {
  const batch = new RecordBatch(Buffer.from(bytes))
  batch.whenReleased(() => batch.bytes.fill(OVERWRITTEN))
  return batch
}

export class EmbeddedMember implements GroupMember {
  onRejoinNeeded: (() => void) | undefined
  readonly #group: EmbeddedGroup
  readonly #options: GroupMemberOptions
  #memberId = ''
  #generation = -1
  #rejoinNeeded = false
  #joining: Promise<Membership> | undefined
  #closed = false

  constructor(group: EmbeddedGroup, options: GroupMemberOptions) {
    this.#group = group
    this.#options = options
  }

  get memberId(): string {
    return this.#memberId
  }

  get generation(): number {
    return this.#generation
  }

  get rejoinNeeded(): boolean {
    return this.#rejoinNeeded
  }

  async join(): Promise<Membership> {
    if (this.#closed) throw new BrokerError('CLOSED', 'this member is closed')
    this.#rejoinNeeded = false
    const joining = this.#join()
    this.#joining = joining
    return joining.finally(() => (this.#joining = undefined))
  }

  async commit(
    offsets: readonly PartitionOffset[],
    { transaction, memberId = this.#memberId }: CommitAs = {},
  ): Promise<void> {
    const producer = await transaction?.addOffsets(this.#options.groupId)
    const joining = this.#joining
    try {
      this.#commit(memberId, offsets, producer)
    } catch (error) {
      if (joining === undefined) throw error
      await joining
      this.#commit(memberId, offsets, producer)
    }
  }

  committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    return this.#group.stableOffsets(partitions)
  }

  close({ leave }: { readonly leave: boolean }): Promise<void> {
    this.#closed = true
    this.#group.gone(this.#memberId, leave)
    return Promise.resolve()
  }

  async #join(): Promise<Membership> {
    const joined = await this.#group.join(this.#memberId, this.#options, () => this.#askRejoin())
    this.#memberId = joined.id
    this.#generation = joined.generation
    return { ...joined.share, memberId: joined.id }
  }

  #commit(
    id: string,
    offsets: readonly PartitionOffset[],
    producer: { readonly producerId: bigint } | undefined,
  ): void {
    try {
      this.#group.commit({ id, generation: this.#generation }, offsets, producer?.producerId)
    } catch (error) {
      if (error instanceof CommitRejected && this.#joining === undefined) this.#askRejoin()
      throw error
    }
  }

  #askRejoin(): void {
    this.#rejoinNeeded = true
    this.onRejoinNeeded?.()
  }
}
