import { BadRecord } from '../errors.ts'
import type { Span } from '../serde/window-key.ts'
import type { Stored } from '../state/store.ts'
import { closesAfterMs, type WindowAggregate } from '../topology/window-nodes.ts'
import { asBadRecord } from './as-bad-record.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Wiring } from './processor-of.ts'
import type { StreamTime } from './stream-time.ts'

interface KeptWindow extends Stored {
  readonly key: Buffer
  readonly window: Span
}

/** The windows of a store that are closed from a time between the two on, the first excluded, in the order of their end. */
export type Closing = (after: number, upTo: number) => Iterable<KeptWindow>

/**
 * Decides by stream time which windows of an aggregate are closed. Under `OnClose` it emits each as it closes; as in Kafka
 * Streams, in the order of time and key, and of the record that moved time.
 */
export class WindowClose {
  readonly #node: WindowAggregate
  readonly #wiring: Wiring
  readonly #closing: Closing
  readonly #observed: StreamTime
  readonly #emitted: StreamTime
  #isStarted = false

  constructor(node: WindowAggregate, wiring: Wiring, closing: Closing) {
    this.#node = node
    this.#wiring = wiring
    this.#closing = closing
    this.#observed = wiring.streamTime(node.name)
    this.#emitted = wiring.streamTime(`${node.name}.emitted`)
    this.#isStarted = node.emit !== 'OnClose'
    wiring.whenIdle(node.name, (tick) => this.advance(tick))
  }

  /** Moves time on to that of the record. Returns the time by which windows are closed; those that end with it may be open. */
  advance(record: FlowRecord): number {
    if (!this.#isStarted) this.#start()
    const closeTime = this.#observed.advanceTo(record.timestamp) - closesAfterMs(this.#node)
    if (this.#node.emit === 'OnClose') this.#emit(record, closeTime)
    return closeTime
  }

  /** The record missed the window. */
  late(record: FlowRecord, window: Span): void {
    const { name, late } = this.#node
    this.#wiring.dropped(name, 'late')
    this.#wiring.forwardTo(late)(record.withWindow(window))
  }

  /** After a restart: what had closed by the time of the latest value was emitted before it. */
  #start(): void {
    this.#isStarted = true
    for (const { timestamp } of this.#closing(-1, Infinity)) this.#observed.startAt(timestamp)
    this.#emitted.startAt(this.#observed.now - closesAfterMs(this.#node))
  }

  #emit(record: FlowRecord, closeTime: number): void {
    const after = this.#emitted.now
    if (closeTime <= after) return
    for (const { key, window, value, timestamp } of this.#closing(after, closeTime)) {
      const closed = record.withStoredKey(key).withWindow(window).withTimestamp(timestamp)
      this.#release(closed, value)
    }
    this.#emitted.advanceTo(closeTime)
  }

  /** A window whose result fails does so alone: the record that closed it has no part in that. */
  #release(closed: FlowRecord, state: unknown): void {
    const { name, result } = this.#node
    const { alone, forward } = this.#wiring
    try {
      const change = closed.withChange(result(state), null)
      alone(forward)(change)
    } catch (error) {
      if (error instanceof BadRecord) throw error
      const fault = asBadRecord(error, name)
      alone(() => {
        throw fault
      })(closed.withValue(state))
    }
  }
}
