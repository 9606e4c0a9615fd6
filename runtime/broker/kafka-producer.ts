import { type Clock, sleep } from '../platform/clock.ts'
import type { Producer, TopicPartition } from './broker.ts'
import { BrokerError, RecordTooLarge } from './errors.ts'
import type { KafkaConnections } from './kafka-connections.ts'
import type { KafkaDenials } from './kafka-denials.ts'
import { errorName } from './kafka-error-name.ts'
import { isTransient, refused } from './kafka-errors.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'
import { PartitionQueue, type ProducerIdentity, type QueuedBatch } from './kafka-partition-queue.ts'
import { type ProduceAck, produceRaw } from './kafka-produce-request.ts'
import { answersIn, missing, tooLarge } from './kafka-producer-calls.ts'
import { ProducerLane } from './kafka-producer-lane.ts'
import type { ProducerSession } from './kafka-producer-session.ts'
import { transactionError } from './kafka-transaction-errors.ts'
import { verdictOn } from './produce-verdict.ts'
import { partitionKey } from './partition-key.ts'
import type { KafkaSocket } from './kafka-socket.ts'

/** How long the leader may wait for its replicas. */
const REPLICATION_MS = 30_000
const RETRY_MS = { first: 100, longest: 1000 } as const
/** A topic that is gone for so long was deleted; a new one takes a moment to be known everywhere. */
const MISSING_TOPIC_MS = 60_000

export interface KafkaProducerOptions {
  readonly connections: KafkaConnections
  readonly metadata: KafkaMetadata
  readonly clock: Clock
  readonly denials: KafkaDenials
  readonly session: ProducerSession
  /** Where sequences begin; 0 but in tests of the wrap at 2^31. */
  readonly firstSequence?: number
}

interface Sent {
  readonly queue: PartitionQueue
  readonly batch: QueuedBatch
}

/**
 * An idempotent producer. What fails for a while is sent again, for as long as it takes, with the same sequence: order holds
 * and nothing is written twice, even when an acknowledgement was lost. What can never succeed fails the next `flush`.
 */
export class KafkaProducer implements Producer {
  throttledMs = 0
  readonly #options: KafkaProducerOptions
  readonly #queues = new Map<string, PartitionQueue>()
  readonly #lanes = new Map<number, ProducerLane>()
  readonly #waiters = new Set<{ readonly bytes: number; readonly resolve: () => void }>()
  #lookup: Promise<void> | undefined
  #pumpQueued = false
  #pendingBytes = 0
  #failure: Error | undefined

  constructor(options: KafkaProducerOptions) {
    this.#options = options
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  send(to: TopicPartition, batch: Buffer, release?: () => void): void {
    if (this.#failure !== undefined) return
    this.#queue(to).add(batch, release)
    this.#pendingBytes += batch.length
    // Later, so that batches of several partitions sent in one go share a request.
    if (this.#pumpQueued) return
    this.#pumpQueued = true
    queueMicrotask(() => {
      this.#pumpQueued = false
      this.#pump()
    })
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

  writtenUpTo(partition: TopicPartition): number | undefined {
    return this.#queues.get(partitionKey(partition))?.writtenUpTo
  }

  /** Forgets what is not acknowledged, and that it failed. What is sent next begins anew, under the identity of then. */
  drop(): void {
    this.#failure = undefined
    this.#clear()
  }

  async close(): Promise<void> {
    await this.#options.connections.close()
    this.#fail(new BrokerError('CLOSED', 'the producer is closed'))
  }

  #queue(to: TopicPartition): PartitionQueue {
    const key = partitionKey(to)
    const queue = this.#queues.get(key) ?? new PartitionQueue(to, this.#options.firstSequence)
    this.#queues.set(key, queue)
    return queue
  }

  #pump(): void {
    const { metadata, connections } = this.#options
    if (connections.closing.aborted) return
    const leaders = new Set<number>()
    for (const queue of this.#queues.values()) {
      if (queue.next() === undefined) continue
      const leader = metadata.leader(queue.to)
      if (leader === undefined) this.#lookUpLeaders()
      else leaders.add(leader)
    }
    for (const leader of leaders) void this.#serve(leader)
  }

  async #serve(leader: number): Promise<void> {
    const { connections, metadata, session } = this.#options
    const lane = this.#lane(leader)
    if (lane.isPumping) return
    lane.isPumping = true
    let isLeft = true
    try {
      const connection = await connections.to(metadata.node(leader))
      const identity = await session.admit(() => this.#waiting())
      this.#sendAll({ leader, lane, connection, identity })
      isLeft = this.#waiting().some((partition) => !session.admits(partition))
    } catch (error) {
      await this.#unsent(leader, error as BrokerError)
    } finally {
      lane.isPumping = false
    }
    if (isLeft) this.#pump()
  }

  /** Partitions with a leader of which something waits. */
  #waiting(): readonly TopicPartition[] {
    const { metadata } = this.#options
    return [...this.#queues.values()].flatMap((queue) =>
      queue.next() !== undefined && metadata.leader(queue.to) !== undefined ? [queue.to] : [],
    )
  }

  /** In one go without a pause, so that requests leave in the order in which batches were taken. */
  #sendAll(to: Destination): void {
    while (to.lane.takesRequests) {
      const sent = this.#take(to)
      if (sent.length === 0) return
      void this.#request(to, sent)
    }
  }

  #take({ leader, lane, identity }: Destination): Sent[] {
    const { metadata, session } = this.#options
    const sent: Sent[] = []
    let bytes = 0
    for (const queue of this.#queues.values()) {
      const next = queue.next()
      const isHere = metadata.leader(queue.to) === leader && session.admits(queue.to)
      if (next === undefined || !isHere) continue
      bytes += next.bytes.length
      if (bytes > lane.maxRequestBytes && sent.length > 0) break
      const batch = queue.take(identity)
      if (batch !== undefined) sent.push({ queue, batch })
    }
    return sent
  }

  async #request(to: Destination, sent: readonly Sent[]): Promise<void> {
    const { lane, connection } = to
    lane.inFlight++
    const { session } = this.#options
    try {
      const parts = sent.map(({ queue, batch }) => ({ ...queue.to, batch: batch.bytes }))
      const { acks, throttleMs } = await produceRaw(connection, {
        parts,
        transactionalId: session.transactionalId,
        timeoutMs: REPLICATION_MS,
      })
      void this.#throttle(lane, throttleMs)
      const answerTo = answersIn(acks)
      for (const one of sent) this.#settle(one, answerTo(one.queue.to), connection)
    } catch {
      // Nobody knows what was written. The same sequences tell, when it is sent again.
      session.doubt()
      this.#unanswered(to, sent)
    } finally {
      lane.inFlight--
      this.#pump()
    }
  }

  #settle(sent: Sent, { errorCode, baseOffset }: ProduceAck, connection: KafkaSocket): void {
    const { queue, batch } = sent
    const code = errorName(errorCode)
    switch (verdictOn(code, this.#options.session.transactionalId !== null)) {
      case 'written':
        this.#options.denials.granted(queue.what)
        if (queue.has(batch)) this.#release(batch.bytes.length)
        return queue.acknowledged(batch, baseOffset)
      case 'forgotten':
        // Behind a failed batch a gap is expected; at the head it means that the broker lost what came before.
        if (queue.isOldest(batch)) {
          this.#options.session.forget()
          queue.startAfresh()
        }
        return this.#repeat(sent)
      case 'too large':
        return void this.#divide(sent, () =>
          tooLarge(connection, queue.to.topic, batch.bytes.length),
        )
      case 'missing':
        this.#noteMissing(queue)
        return this.#repeat(sent)
      case 'not now':
        this.#options.denials.note(queue.what, refused(code, queue.what))
        return this.#repeat(sent)
      case 'never':
        if (queue.has(batch)) this.#fail(transactionError(refused(code, queue.what)))
        queue.failed()
    }
  }

  #unanswered({ leader, lane }: Destination, sent: readonly Sent[]): void {
    const { connections, metadata } = this.#options
    const bytes = sent.reduce((sum, { batch }) => sum + batch.bytes.length, 0)
    void lane.lost(bytes, leader, () => connections.to(metadata.node(leader)))
    for (const one of sent) {
      const oversize = { topic: one.queue.to.topic, bytes: one.batch.bytes.length }
      const refused = { ...oversize, limit: lane.maxBatchBytes, refusedBy: 'broker' } as const
      if (oversize.bytes <= lane.maxBatchBytes) this.#repeat(one)
      else void this.#divide(one, () => new RecordTooLarge(refused))
    }
  }

  /** The limit is on a batch: smaller ones may pass. A single record that does not is the user's to deal with. */
  async #divide(sent: Sent, why: () => RecordTooLarge | Promise<RecordTooLarge>): Promise<void> {
    const { queue, batch } = sent
    const halves = queue.split(batch)
    if (halves !== undefined) {
      const bytes = halves.reduce((sum, half) => sum + half.bytes.length, 0)
      this.#pendingBytes += bytes - batch.bytes.length
      return this.#repeat(sent)
    }
    queue.failed()
    const failure = await why()
    if (queue.has(batch)) this.#fail(failure)
    else queue.release()
  }

  #repeat({ queue }: Sent): void {
    if (queue.failed()) void this.#recover(queue)
  }

  async #recover(queue: PartitionQueue): Promise<void> {
    const { clock, connections, metadata } = this.#options
    const pause = Math.min(RETRY_MS.first * 2 ** (queue.failures - 1), RETRY_MS.longest)
    await sleep(clock, pause, connections.closing)
    await metadata.refresh([queue.to.topic]).catch(() => undefined)
    queue.release()
    this.#pump()
  }

  /** Nothing left this process: the queues are as they were. */
  async #unsent(leader: number, error: BrokerError): Promise<void> {
    const { clock, connections, metadata } = this.#options
    if (!isTransient(error.code)) return this.#fail(error)
    await sleep(clock, RETRY_MS.first, connections.closing)
    const topics = [...this.#queues.values()].flatMap(({ to, isEmpty }) =>
      !isEmpty && metadata.leader(to) === leader ? [to.topic] : [],
    )
    await metadata.refresh([...new Set(topics)]).catch(() => undefined)
  }

  #lookUpLeaders(): void {
    this.#lookup ??= this.#findLeaders().finally(() => {
      this.#lookup = undefined
      this.#pump()
    })
  }

  async #findLeaders(): Promise<void> {
    const { clock, connections, metadata } = this.#options
    const unled = () =>
      [...this.#queues.values()].filter(
        (queue) => !queue.isEmpty && metadata.leader(queue.to) === undefined,
      )
    await metadata.refresh([...new Set(unled().map(({ to }) => to.topic))]).catch(() => undefined)
    const still = unled()
    for (const queue of still) if (metadata.isMissing(queue.to.topic)) this.#noteMissing(queue)
    if (still.length > 0) await sleep(clock, RETRY_MS.first, connections.closing)
  }

  #noteMissing(queue: PartitionQueue): void {
    const now = this.#options.clock.monotonic()
    queue.missingSince ??= now
    if (now - queue.missingSince < MISSING_TOPIC_MS) return
    this.#fail(missing(queue.what, MISSING_TOPIC_MS))
  }

  async #throttle(lane: ProducerLane, ms: number): Promise<void> {
    if (ms <= 0) return
    this.throttledMs += ms
    await lane.throttle(ms)
    // Nobody else would ask again.
    this.#pump()
  }

  #lane(leader: number): ProducerLane {
    const { clock, connections } = this.#options
    const lane = this.#lanes.get(leader) ?? new ProducerLane(clock, connections.closing)
    this.#lanes.set(leader, lane)
    return lane
  }

  /** After a lost batch the order of what follows means nothing: all of it fails together. */
  #fail(failure: Error): void {
    if (this.#pendingBytes > 0) this.#failure ??= failure
    this.#clear()
  }

  #clear(): void {
    this.#options.session.forget()
    for (const queue of this.#queues.values()) queue.clear()
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
}

interface Destination {
  readonly leader: number
  readonly lane: ProducerLane
  readonly connection: KafkaSocket
  readonly identity: ProducerIdentity
}
