import { type Clock, sleep } from '../platform/clock.ts'
import { largestBatch } from './kafka-producer-calls.ts'
import type { KafkaSocket } from './kafka-socket.ts'

/** More would outlast the five batches of a producer that a broker remembers. */
const MAX_IN_FLIGHT = 5
/** Cap on one request; a single larger batch still goes out alone. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024
/** Of smaller ones nobody thinks that their size is why a broker hung up. */
const SUSPECT_BYTES = 1024 * 1024

/** One leader: up to five requests in flight, each with at most one batch of each partition. */
export class ProducerLane {
  inFlight = 0
  isPumping = false
  /** The largest batch that the broker reads, once it has hung up on a large request. */
  maxBatchBytes = Infinity
  readonly #clock: Clock
  readonly #closing: AbortSignal
  /** Monotonic time until which the broker wants to hear nothing. */
  #throttledUntil = 0

  constructor(clock: Clock, closing: AbortSignal) {
    this.#clock = clock
    this.#closing = closing
  }

  get takesRequests(): boolean {
    return this.inFlight < MAX_IN_FLIGHT && this.#throttledUntil <= this.#clock.monotonic()
  }

  get maxRequestBytes(): number {
    return Math.min(MAX_REQUEST_BYTES, this.maxBatchBytes)
  }

  /** Resolves when the broker wants to hear something again. Timers may fire a little before their time. */
  async throttle(ms: number): Promise<void> {
    this.#throttledUntil = this.#clock.monotonic() + ms
    for (;;) {
      const left = this.#throttledUntil - this.#clock.monotonic()
      if (left <= 0 || this.#closing.aborted) return
      await sleep(this.#clock, left, this.#closing)
    }
  }

  /**
   * Why a connection was lost nobody says. When it carried much, the broker is asked how much it reads, for the next time:
   * whoever lost a leader is not to wait for that.
   */
  async lost(bytes: number, leader: number, connect: () => Promise<KafkaSocket>): Promise<void> {
    if (bytes <= SUSPECT_BYTES) return
    const limit = connect().then((connection) => largestBatch(connection, leader))
    this.maxBatchBytes = await limit.catch(() => Infinity)
  }
}
