import { protocolErrorsCodesById } from '@platformatic/kafka'
import { type Clock, sleep } from '../platform/clock.ts'
import type {
  FetchedPartition,
  Fetcher,
  FetcherOptions,
  PartitionOffset,
  TopicPartition,
} from './broker.ts'
import { BrokerError, CorruptBatch, OffsetOutOfRange } from './errors.ts'
import { readFetched } from './fetched-batches.ts'
import type { KafkaConnections } from './kafka-connections.ts'
import { type FetchResponse, type FetchResponsePart, fetchRaw } from './kafka-fetch-request.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'
import { partitionKey } from './partition-key.ts'

/** How long a broker may hold a fetch open. */
const LONG_POLL_MS = 500
const RETRY_MS = 200

interface Reading {
  readonly partition: TopicPartition
  position: number
  paused: boolean
}

/** One leader: at most one fetch in flight, or one response that waits to be handed out. */
interface Lane {
  response: FetchResponse | undefined
}

/**
 * While the caller works on one response, the next fetch to that leader is under way. A response is handed out only for
 * partitions whose position is still the one it was asked for, so a seek or a moved leader never doubles a record.
 */
export class KafkaFetcher implements Fetcher {
  readonly #connections: KafkaConnections
  readonly #metadata: KafkaMetadata
  readonly #clock: Clock
  readonly #options: FetcherOptions
  readonly #readings = new Map<string, Reading>()
  readonly #lanes = new Map<number, Lane>()
  #arrival = new AbortController()
  #lookup: Promise<void> | undefined
  #failure: Error | undefined
  #closed = false

  constructor(
    connections: KafkaConnections,
    metadata: KafkaMetadata,
    clock: Clock,
    options: FetcherOptions,
  ) {
    this.#connections = connections
    this.#metadata = metadata
    this.#clock = clock
    this.#options = options
  }

  assign({ topic, partition, offset }: PartitionOffset): void {
    const reading = { partition: { topic, partition }, position: offset, paused: false }
    this.#readings.set(partitionKey(reading.partition), reading)
  }

  unassign(partition: TopicPartition): void {
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

  async poll(maxWaitMs: number): Promise<readonly FetchedPartition[]> {
    const ready = this.#take()
    if (ready.length > 0 || this.#failure !== undefined || maxWaitMs <= 0) return ready
    this.#arrival = new AbortController()
    await sleep(this.#clock, maxWaitMs, this.#arrival.signal)
    return this.#take()
  }

  wake(): void {
    this.#arrival.abort()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.wake()
    await this.#connections.close()
  }

  /** Hands out what has arrived and sends the next fetches before the caller starts to work. */
  #take(): FetchedPartition[] {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
    const fetched = [...this.#lanes].flatMap(([node, { response }]) => {
      if (response === undefined) return []
      this.#lanes.delete(node)
      return response.parts.flatMap((part) => this.#accept(part))
    })
    this.#send()
    return fetched
  }

  #accept(part: FetchResponsePart): FetchedPartition[] {
    const reading = this.#readings.get(partitionKey(part))
    if (reading === undefined || reading.paused) return []
    const { position } = reading
    if (part.errorCode !== 0) return this.#refused(part, position)
    try {
      const { batches, nextOffset } = readFetched(part, position)
      if (nextOffset === position) return []
      reading.position = nextOffset
      const { topic, partition, lastStableOffset } = part
      return [{ topic, partition, position, batches, highWatermark: lastStableOffset }]
    } catch (error) {
      if (!(error instanceof CorruptBatch)) throw error
      return this.#fail(error)
    }
  }

  #refused(part: FetchResponsePart, offset: number): [] {
    const code = errorName(part.errorCode)
    const at = `${part.topic}-${part.partition}@${offset}`
    if (code === 'OFFSET_OUT_OF_RANGE') return this.#fail(new OffsetOutOfRange({ ...part, offset }))
    if (!RETRIED.has(code)) return this.#fail(new BrokerError(code, `fetch ${at}: ${code}`))
    this.#lookUpLeaders()
    return []
  }

  /** Thrown by the next poll, so that what arrived beside it is handed out first. */
  #fail(failure: Error): [] {
    this.#failure = failure
    return []
  }

  #send(): void {
    if (this.#closed) return
    const byLeader = new Map<number, Reading[]>()
    for (const reading of this.#readings.values()) {
      if (reading.paused) continue
      const leader = this.#metadata.leader(reading.partition)
      if (leader === undefined) this.#lookUpLeaders()
      else byLeader.set(leader, [...(byLeader.get(leader) ?? []), reading])
    }
    for (const [leader, readings] of byLeader) {
      if (!this.#lanes.has(leader)) void this.#fetch(leader, readings)
    }
  }

  async #fetch(leader: number, readings: readonly Reading[]): Promise<void> {
    const lane: Lane = { response: undefined }
    this.#lanes.set(leader, lane)
    const asked = new Map(
      readings.map((r) => [partitionKey(r.partition), { reading: r, at: r.position }]),
    )
    try {
      const connection = await this.#connections.to(this.#metadata.node(leader))
      const { maxBytes } = this.#options
      const topics = byTopic(readings)
      const response = await fetchRaw(connection, { maxWaitMs: LONG_POLL_MS, maxBytes, topics })
      const parts = response.parts.filter((part) => {
        const ask = asked.get(partitionKey(part))
        return (
          ask?.reading === this.#readings.get(partitionKey(part)) &&
          ask?.at === ask?.reading.position
        )
      })
      lane.response = { ...response, parts }
      if (parts.some((part) => part.records.length > 0 || part.errorCode !== 0)) this.wake()
      else this.#again(leader)
    } catch {
      // The leader is gone or moved; whoever leads now is found by a fresh look.
      await sleep(this.#clock, RETRY_MS)
      this.#lookUpLeaders()
      this.#again(leader)
    }
  }

  /** An empty answer keeps the long poll going without waking the caller. */
  #again(leader: number): void {
    this.#lanes.delete(leader)
    this.#send()
  }

  #lookUpLeaders(): void {
    if (this.#closed) return
    this.#lookup ??= this.#refreshLeaders().finally(() => {
      this.#lookup = undefined
      this.#send()
    })
  }

  async #refreshLeaders(): Promise<void> {
    const topics = new Set([...this.#readings.values()].map((reading) => reading.partition.topic))
    try {
      await this.#metadata.refresh([...topics])
    } catch {
      // No broker answers now; the pause below spaces the next try.
    }
    const unled = [...this.#readings.values()].some(
      (r) => this.#metadata.leader(r.partition) === undefined,
    )
    if (unled) await sleep(this.#clock, RETRY_MS)
  }

  #setPaused(partition: TopicPartition, paused: boolean): void {
    const reading = this.#readings.get(partitionKey(partition))
    if (reading !== undefined) reading.paused = paused
  }
}

const RETRIED: ReadonlySet<string> = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'NETWORK_EXCEPTION',
])

export const errorName = (code: number): string =>
  (protocolErrorsCodesById as Readonly<Record<number, string>>)[code] ?? `ERROR_${code}`

function byTopic(readings: readonly Reading[]) {
  const topics = new Map<string, { partition: number; offset: number }[]>()
  for (const { partition, position } of readings) {
    const list = topics.get(partition.topic) ?? []
    list.push({ partition: partition.partition, offset: position })
    topics.set(partition.topic, list)
  }
  return [...topics].map(([name, partitions]) => ({ name, partitions }))
}
