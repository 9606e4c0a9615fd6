import { initProducerIdV1 } from '@platformatic/kafka'
import { type Clock, sleep } from '../platform/clock.ts'
import { at, stampProducer } from './batch-header.ts'
import type { Producer, TopicPartition } from './broker.ts'
import { BrokerError } from './errors.ts'
import { call } from './kafka-call.ts'
import type { KafkaConnections } from './kafka-connections.ts'
import { errorName } from './kafka-fetcher.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'
import { type ProducePart, produceRaw } from './kafka-produce-request.ts'
import { partitionKey } from './partition-key.ts'

/** After this long without an acknowledgement a batch counts as failed. */
const DELIVERY_TIMEOUT_MS = 120_000
const REQUEST_TIMEOUT_MS = 30_000
const RETRY_MS = 100
const NO_PRODUCER_TRANSACTION_TIMEOUT_MS = 60_000
/** Cap on one request; a single larger batch still goes out alone. */
const MAX_REQUEST_BYTES = 8 * 1024 * 1024

interface Queued {
  readonly to: TopicPartition
  readonly batch: Buffer
  readonly deadline: number
  stamped: boolean
}

interface PartitionQueue {
  readonly waiting: Queued[]
  nextSequence: number
}

/**
 * An idempotent producer. One request at a time to each leader, with one batch of each partition: a batch is repeated
 * with the same sequence until the broker acknowledges it, so order holds and nothing is written twice.
 */
export class KafkaProducer implements Producer {
  readonly #connections: KafkaConnections
  readonly #metadata: KafkaMetadata
  readonly #clock: Clock
  readonly #queues = new Map<string, PartitionQueue>()
  readonly #sending = new Set<number>()
  readonly #waiters = new Set<{ readonly bytes: number; readonly resolve: () => void }>()
  #identity: Promise<{ producerId: bigint; epoch: number }> | undefined
  #lookup: Promise<void> | undefined
  #pendingBytes = 0
  #failure: Error | undefined
  #closed = false

  constructor(connections: KafkaConnections, metadata: KafkaMetadata, clock: Clock) {
    this.#connections = connections
    this.#metadata = metadata
    this.#clock = clock
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  send(to: TopicPartition, batch: Buffer): void {
    const key = partitionKey(to)
    const queue = this.#queues.get(key) ?? { waiting: [], nextSequence: 0 }
    this.#queues.set(key, queue)
    const deadline = this.#clock.monotonic() + DELIVERY_TIMEOUT_MS
    queue.waiting.push({ to, batch, deadline, stamped: false })
    this.#pendingBytes += batch.length
    this.#pump()
  }

  async flush(): Promise<void> {
    await this.drainTo(0)
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }

  drainTo(bytes: number): Promise<void> {
    if (this.#pendingBytes <= bytes) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.add({ bytes, resolve }))
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#dropAll(new BrokerError('CLOSED', 'the producer is closed'))
    await this.#connections.close()
  }

  #pump(): void {
    const byLeader = new Map<number, Queued[]>()
    for (const { waiting } of this.#queues.values()) {
      const head = waiting[0]
      if (head === undefined) continue
      const leader = this.#metadata.leader(head.to)
      if (leader === undefined) this.#lookUpLeaders()
      else byLeader.set(leader, [...(byLeader.get(leader) ?? []), head])
    }
    for (const [leader, heads] of byLeader) {
      if (!this.#sending.has(leader)) void this.#sendTo(leader, withinRequest(heads))
    }
  }

  async #sendTo(leader: number, heads: readonly Queued[]): Promise<void> {
    this.#sending.add(leader)
    try {
      await this.#stamp(heads)
      const connection = await this.#connections.to(this.#metadata.node(leader))
      const parts: ProducePart[] = heads.map(({ to, batch }) => ({ ...to, batch }))
      const acks = await produceRaw(connection, parts, REQUEST_TIMEOUT_MS)
      const retry = acks.filter((ack) => !this.#settle(ack, ack.errorCode)).length > 0
      if (retry) await this.#pauseAndLook(heads)
    } catch (error) {
      this.#failExpired(heads, error as Error)
      await this.#pauseAndLook(heads)
    } finally {
      this.#sending.delete(leader)
      this.#pump()
    }
  }

  /** Sequences are given once; a repeated batch keeps its own. */
  async #stamp(heads: readonly Queued[]): Promise<void> {
    this.#identity ??= this.#initProducerId()
    const { producerId, epoch } = await this.#identity.catch((error: unknown) => {
      this.#identity = undefined
      throw error
    })
    for (const head of heads) {
      if (head.stamped) continue
      const queue = this.#queues.get(partitionKey(head.to))
      if (queue === undefined) continue
      stampProducer(head.batch, { producerId, epoch, sequence: queue.nextSequence })
      // The sequence is an int32 that wraps to 0.
      queue.nextSequence = (queue.nextSequence + head.batch.readInt32BE(at.recordCount)) % 2 ** 31
      head.stamped = true
    }
  }

  async #initProducerId(): Promise<{ producerId: bigint; epoch: number }> {
    const connection = await this.#connections.any()
    const { producerId, producerEpoch } = await call(
      connection,
      initProducerIdV1.api,
      'get a producer id',
      null,
      NO_PRODUCER_TRANSACTION_TIMEOUT_MS,
    )
    return { producerId, epoch: producerEpoch }
  }

  /** True when the batch is done with, well or badly; false when it is to be sent again. */
  #settle(to: TopicPartition, errorCode: number): boolean {
    const head = this.#queues.get(partitionKey(to))?.waiting[0]
    if (head === undefined) return true
    const code = errorCode === 0 ? 'NONE' : errorName(errorCode)
    if (code === 'NONE' || code === 'DUPLICATE_SEQUENCE_NUMBER') {
      this.#done(head)
      return true
    }
    if (RESTART.has(code)) this.#restartSequences()
    else if (!RETRIED.has(code)) {
      this.#dropAll(new BrokerError(code, `produce to ${to.topic}-${to.partition}: ${code}`))
      return true
    }
    this.#failExpired(
      [head],
      new BrokerError(code, `produce to ${to.topic}-${to.partition}: ${code}`),
    )
    return false
  }

  #done(head: Queued): void {
    this.#queues.get(partitionKey(head.to))?.waiting.shift()
    this.#release(head.batch.length)
  }

  /** The broker forgot this producer: a new id starts at sequence 0; nothing refused was written. */
  #restartSequences(): void {
    this.#identity = undefined
    for (const queue of this.#queues.values()) {
      queue.nextSequence = 0
      for (const queued of queue.waiting) queued.stamped = false
    }
  }

  #failExpired(heads: readonly Queued[], cause: Error): void {
    const expired = heads.find((head) => head.deadline <= this.#clock.monotonic())
    if (expired === undefined) return
    const { topic, partition } = expired.to
    this.#dropAll(
      new BrokerError(
        'DELIVERY_TIMEOUT',
        `produce to ${topic}-${partition}: not acknowledged within ${DELIVERY_TIMEOUT_MS / 1000} s: ${cause.message}`,
        { cause },
      ),
    )
  }

  /** After a lost batch the order of what follows means nothing: all of it fails together. */
  #dropAll(failure: Error): void {
    if (this.#pendingBytes > 0) this.#failure ??= failure
    this.#restartSequences()
    for (const queue of this.#queues.values()) queue.waiting.length = 0
    this.#release(this.#pendingBytes)
  }

  #release(bytes: number): void {
    this.#pendingBytes -= bytes
    for (const waiter of this.#waiters) {
      if (this.#pendingBytes > waiter.bytes) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }

  async #pauseAndLook(heads: readonly Queued[]): Promise<void> {
    await sleep(this.#clock, RETRY_MS)
    await this.#metadata
      .refresh([...new Set(heads.map((head) => head.to.topic))])
      .catch(() => undefined)
  }

  #lookUpLeaders(): void {
    if (this.#closed) return
    this.#lookup ??= this.#refreshUnled().finally(() => {
      this.#lookup = undefined
      this.#pump()
    })
  }

  async #refreshUnled(): Promise<void> {
    const heads = [...this.#queues.values()].flatMap(({ waiting }) => waiting.slice(0, 1))
    const refreshed = await this.#metadata
      .refresh([...new Set(heads.map((head) => head.to.topic))])
      .catch((error: unknown) => error as Error)
    const unled = heads.find((head) => this.#metadata.leader(head.to) === undefined)
    if (unled === undefined) return
    const { topic, partition } = unled.to
    const why =
      refreshed instanceof Error ? refreshed.message : 'it has no leader or does not exist'
    this.#failExpired(
      [unled],
      new BrokerError('UNKNOWN_TOPIC_OR_PARTITION', `${topic}-${partition}: ${why}`),
    )
    await sleep(this.#clock, RETRY_MS)
  }
}

const RETRIED: ReadonlySet<string> = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'REQUEST_TIMED_OUT',
  'NETWORK_EXCEPTION',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'KAFKA_STORAGE_ERROR',
  'THROTTLING_QUOTA_EXCEEDED',
])

const RESTART: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
])

function withinRequest(heads: readonly Queued[]): Queued[] {
  let bytes = 0
  return heads.filter((head, index) => {
    bytes += head.batch.length
    return index === 0 || bytes <= MAX_REQUEST_BYTES
  })
}
