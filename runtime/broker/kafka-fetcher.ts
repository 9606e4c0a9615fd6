import { setImmediate as immediate } from 'node:timers/promises'
import type { AnswerPool } from './answer-pool.ts'
import { type Clock, sleep } from '../platform/clock.ts'
import type {
  FetchedPartition,
  Fetcher,
  FetcherOptions,
  PartitionOffset,
  TopicPartition,
} from './broker.ts'
import { type BrokerError, CorruptBatch } from './errors.ts'
import type { KafkaConnections } from './kafka-connections.ts'
import type { KafkaDenials } from './kafka-denials.ts'
import { errorName } from './kafka-error-name.ts'
import { isDenied, isTransient, refused } from './kafka-errors.ts'
import { type FetchResponsePart, fetchRaw } from './kafka-fetch-request.ts'
import { outOfRange } from './kafka-list-offsets.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'
import { asked, gone, Reading, recreated } from './kafka-reading.ts'
import { partitionKey } from './partition-key.ts'

/** How long a broker may hold a fetch open. */
const LONG_POLL_MS = 500
/** So short where somebody waits to hear that there is nothing. */
const HURRIED_POLL_MS = 50
const RETRY_MS = 200
const ARRIVED = 'arrived'
/** A topic that is gone for so long was deleted. */
const MISSING_TOPIC_MS = 60_000
/** However many leaders share the budget, each gets enough for a batch of usual size. */
const MIN_FETCH_BYTES = 64 * 1024

export interface KafkaFetcherOptions extends FetcherOptions {
  readonly connections: KafkaConnections
  readonly metadata: KafkaMetadata
  readonly clock: Clock
  readonly denials: KafkaDenials
  /** Where the connections have the memory of their answers from. */
  readonly answers: AnswerPool
  /** Without any failure leaders are looked up so often: a topic may have been replaced. */
  readonly metadataMaxAgeMs: number
}

/** What a partition was asked for, and where from. */
interface Asked {
  readonly reading: Reading
  readonly at: number
}

interface Arrived extends Asked {
  readonly part: FetchResponsePart
}

/** One leader: at most one fetch in flight, or one response that waits to be handed out. */
interface Lane {
  parts: readonly Arrived[] | undefined
  receivedAt: number
  /** True while a fetch is in flight, and while the broker or a failure asks for a pause after it. */
  isBusy: boolean
}

/**
 * While the caller works on one response, the next fetch to that leader is under way: what is held in memory is at most twice
 * `maxBytes`, and a batch that alone is larger. A response is handed out only for partitions whose position is still the
 * one it was asked for, so a seek or a moved leader never doubles a record.
 *
 * No fetch sessions (KIP-227): they save the broker some 30 bytes for each partition and request, against megabytes of
 * records when busy and two requests a second when idle, and cost a state that each lost connection has to rebuild.
 */
export class KafkaFetcher implements Fetcher {
  throttledMs = 0
  readonly #options: KafkaFetcherOptions
  /** In the order in which they are asked for: whoever was served goes to the end, so that none starves. */
  readonly #readings = new Map<string, Reading>()
  readonly #lanes = new Map<number, Lane>()
  #arrival = new AbortController()
  #lookup: Promise<void> | undefined
  #lookedUpAt = -Infinity
  #failure: Error | undefined

  constructor(options: KafkaFetcherOptions) {
    this.#options = options
  }

  assign({ topic, partition, offset, topicId }: PartitionOffset): void {
    const at = { topic, partition }
    this.#readings.set(partitionKey(at), new Reading(at, offset, topicId))
  }

  unassign(partition: TopicPartition): void {
    const reading = this.#readings.get(partitionKey(partition))
    if (reading !== undefined) this.#options.denials.granted(reading.what)
    this.#readings.delete(partitionKey(partition))
  }

  pause(partition: TopicPartition): void {
    this.#setPaused(partition, true)
  }

  resume(partition: TopicPartition): void {
    this.#setPaused(partition, false)
  }

  position(partition: TopicPartition): number | undefined {
    return this.#readings.get(partitionKey(partition))?.position
  }

  drainedAt(partition: TopicPartition): number | undefined {
    return this.#readings.get(partitionKey(partition))?.drainedAt
  }

  hurry(partition: TopicPartition): void {
    const reading = this.#readings.get(partitionKey(partition))
    if (reading !== undefined) reading.hurriedAt = this.#options.clock.monotonic()
  }

  async poll(maxWaitMs: number): Promise<readonly FetchedPartition[]> {
    const ready = this.#take()
    if (ready.length > 0 || this.#failure !== undefined || maxWaitMs <= 0) return ready
    this.#arrival = new AbortController()
    await sleep(this.#options.clock, maxWaitMs, this.#arrival.signal)
    return this.#take()
  }

  wake(): void {
    // With a reason of its own: the default one is an error with a stack, made for each fetch.
    this.#arrival.abort(ARRIVED)
  }

  takeIn(): Promise<void> {
    return immediate()
  }

  async close(): Promise<void> {
    this.wake()
    await this.#options.connections.close()
  }

  /** Hands out what has arrived and sends the next fetches before the caller starts to work. */
  #take(): FetchedPartition[] {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
    const fetched = [...this.#lanes.values()].flatMap((lane) => {
      const { parts = [], receivedAt } = lane
      lane.parts = undefined
      return parts.flatMap((arrived) => this.#accept(arrived, receivedAt))
    })
    this.#options.answers.lend(fetched.flatMap(({ batches }) => batches))
    this.#send()
    return fetched
  }

  #accept({ part, ...asked }: Arrived, receivedAt: number): FetchedPartition[] {
    const { reading } = asked
    const key = partitionKey(part)
    if (!this.#isStill(asked) || reading.isPaused) return []
    const fetched = this.#advance(reading, part, receivedAt)
    if (fetched === undefined) return []
    this.#readings.delete(key)
    this.#readings.set(key, reading)
    return [fetched]
  }

  /** What is corrupt is thrown by the next poll, so that what arrived beside it is handed out first. */
  #advance(
    reading: Reading,
    part: FetchResponsePart,
    receivedAt: number,
  ): FetchedPartition | undefined {
    try {
      return reading.advance(part, receivedAt)
    } catch (error) {
      if (!(error instanceof CorruptBatch)) throw error
      this.#failure = error
      return undefined
    }
  }

  #send(): void {
    const { connections, clock, metadataMaxAgeMs } = this.#options
    if (connections.closing.aborted) return
    const byLeader = this.#byLeader()
    const now = clock.monotonic()
    if (byLeader.size > 0 && now - this.#lookedUpAt > metadataMaxAgeMs) this.#lookUpLeaders()
    for (const [leader, all] of byLeader) {
      const readings = all.filter(
        (reading) => reading.retryAt <= now && !this.#isOfAnotherTopic(reading),
      )
      if (readings.length > 0 && this.#isFree(leader))
        void this.#fetch(leader, readings, byLeader.size)
    }
  }

  #byLeader(): Map<number, Reading[]> {
    const byLeader = new Map<number, Reading[]>()
    for (const reading of this.#readings.values()) {
      if (reading.isPaused) continue
      const leader = this.#options.metadata.leader(reading.partition)
      if (leader === undefined) this.#lookUpLeaders()
      else byLeader.set(leader, [...(byLeader.get(leader) ?? []), reading])
    }
    return byLeader
  }

  #isFree(leader: number): boolean {
    const lane = this.#lanes.get(leader)
    return lane === undefined || (lane.parts === undefined && !lane.isBusy)
  }

  async #fetch(leader: number, readings: readonly Reading[], leaders: number): Promise<void> {
    const { connections, metadata, maxBytes } = this.#options
    const lane: Lane = { parts: undefined, receivedAt: 0, isBusy: true }
    this.#lanes.set(leader, lane)
    const before = readings.map((reading) => ({ reading, at: reading.position }))
    try {
      const node = metadata.node(leader)
      // Whoever polls goes to work next, and nothing leaves before it is done.
      const connection = connections.ready(node) ?? (await connections.to(node))
      const { parts, throttleMs } = await fetchRaw(connection, {
        maxWaitMs: this.#areHurried(readings) ? HURRIED_POLL_MS : LONG_POLL_MS,
        maxBytes: Math.max(Math.floor(maxBytes / leaders), MIN_FETCH_BYTES),
        topics: asked(readings, metadata),
      })
      this.#receive(
        lane,
        parts,
        new Map(before.map((asked) => [partitionKey(asked.reading.partition), asked])),
      )
      if (lane.parts !== undefined || this.#areHurried(readings)) this.wake()
      this.throttledMs += throttleMs
      // Free by the time that what was woken asks for more.
      if (throttleMs > 0) await this.#rest(throttleMs)
    } catch (error) {
      if (!isTransient((error as BrokerError).code)) this.#fail(error as Error)
      // The leader is gone or moved; whoever leads now is found by a fresh look.
      await this.#rest(RETRY_MS)
      this.#lookUpLeaders()
    }
    lane.isBusy = false
    // An empty answer keeps the long poll going without waking the caller.
    this.#send()
  }

  #receive(
    lane: Lane,
    parts: readonly FetchResponsePart[],
    before: ReadonlyMap<string, Asked>,
  ): void {
    lane.receivedAt = this.#options.clock.monotonic()
    const full = parts.flatMap((part): readonly Arrived[] => {
      const asked = before.get(partitionKey(part))
      if (asked === undefined || !this.#isStill(asked)) return []
      if (part.errorCode !== 0) {
        this.#refused(asked.reading, errorName(part.errorCode))
        return []
      }
      this.#answered(asked.reading)
      if (part.records.length > 0) return [{ ...asked, part }]
      asked.reading.noteEnd(part, lane.receivedAt)
      return []
    })
    if (full.length > 0) lane.parts = full
  }

  #areHurried(readings: readonly Reading[]): boolean {
    const since = this.#options.clock.monotonic() - LONG_POLL_MS
    return readings.some(({ hurriedAt }) => hurriedAt > since)
  }

  #answered(reading: Reading): void {
    reading.missingSince = undefined
    this.#options.denials.granted(reading.what)
  }

  #refused(reading: Reading, code: string): void {
    const { partition, position } = reading
    const { clock, metadata, connections } = this.#options
    reading.retryAt = clock.monotonic() + RETRY_MS
    if (code === 'OFFSET_OUT_OF_RANGE') {
      void outOfRange({ connections, metadata }, { ...partition, offset: position }).then(
        (error) => {
          if (!this.#isStill({ reading, at: position }) || this.#isOfAnotherTopic(reading)) return
          if (error !== undefined) this.#fail(error)
        },
      )
    } else if (isDenied(code)) {
      this.#options.denials.note(reading.what, refused(code, reading.what))
    } else if (isTransient(code) || code === 'UNKNOWN_TOPIC_OR_PARTITION') {
      this.#lookUpLeaders()
    } else {
      this.#fail(refused(code, `${reading.what}@${position}`))
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.wake()
  }

  #isStill({ reading, at }: Asked): boolean {
    return (
      this.#readings.get(partitionKey(reading.partition)) === reading && reading.position === at
    )
  }

  #rest(ms: number): Promise<void> {
    return ms <= 0
      ? Promise.resolve()
      : sleep(this.#options.clock, ms, this.#options.connections.closing)
  }

  #lookUpLeaders(): void {
    if (this.#options.connections.closing.aborted) return
    this.#lookup ??= this.#refreshLeaders().finally(() => {
      this.#lookup = undefined
      this.#send()
    })
  }

  async #refreshLeaders(): Promise<void> {
    const { metadata, clock } = this.#options
    this.#lookedUpAt = clock.monotonic()
    const topics = new Set([...this.#readings.values()].map(({ partition }) => partition.topic))
    try {
      await metadata.refresh([...topics])
    } catch {
      // No broker answers now; the pause below spaces the next try.
    }
    for (const reading of this.#readings.values()) this.#checkTopic(reading)
    // Also for those that a broker refused: they may be asked for again only then.
    await this.#rest(RETRY_MS)
  }

  #checkTopic(reading: Reading): void {
    const { metadata, clock } = this.#options
    const { topic } = reading.partition
    const now = clock.monotonic()
    if (!metadata.isMissing(topic)) {
      reading.missingSince = undefined
      this.#isOfAnotherTopic(reading)
      return
    }
    reading.missingSince ??= now
    if (now - reading.missingSince < MISSING_TOPIC_MS) return
    this.#fail(gone(topic))
  }

  /** True when the position means nothing any more; the next poll says so. */
  #isOfAnotherTopic(reading: Reading): boolean {
    const id = this.#options.metadata.topicId(reading.partition)
    reading.topicId ??= id
    if (id === undefined || id === reading.topicId) return false
    this.#fail(recreated(reading))
    return true
  }

  #setPaused(partition: TopicPartition, isPaused: boolean): void {
    const reading = this.#readings.get(partitionKey(partition))
    if (reading !== undefined) reading.isPaused = isPaused
  }
}
