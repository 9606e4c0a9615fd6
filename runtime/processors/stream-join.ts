import type { JoinTimes, UnmatchedPlace, UnmatchedStore, WindowStore } from '../state/store.ts'
import type { StreamJoinNode } from '../topology/join-nodes.ts'
import { type JoinSide, otherOf } from '../topology/store-spec.ts'
import { asBadRecord } from './as-bad-record.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

type Reach = Pick<Wiring, 'store' | 'forward' | 'dropped' | 'alone'>

/**
 * One side of a join of two streams, in the manner of Kafka Streams: pairs leave at once, records that have met none once
 * their window and its grace are over. Only a record that is the latest on both sides can end windows.
 */
export class StreamJoin implements Processor {
  readonly #node: StreamJoinNode
  readonly #reach: Reach
  readonly #own: WindowStore
  readonly #others: WindowStore
  readonly #unmatched: UnmatchedStore | undefined
  /** As seen from this side. */
  readonly #beforeMs: number
  readonly #afterMs: number
  readonly #keepsUnmatched: boolean

  constructor(node: StreamJoinNode, reach: Reach) {
    const { side, type, window, reads, unmatched } = node
    const { beforeMs, afterMs } = window
    this.#node = node
    this.#reach = reach
    this.#own = reach.store('window', node.name)
    this.#others = reach.store('window', reads[0])
    this.#unmatched = unmatched === undefined ? undefined : reach.store('unmatched', unmatched)
    this.#beforeMs = side === 'left' ? beforeMs : afterMs
    this.#afterMs = side === 'left' ? afterMs : beforeMs
    this.#keepsUnmatched = type === 'Outer' || (type === 'Left' && side === 'left')
  }

  process(record: FlowRecord): void {
    const { timestamp, value } = record
    const times = this.#unmatched?.times
    if (times !== undefined) times.streamTime = Math.max(times.streamTime, timestamp)
    const key = record.keyBytes()
    if (value === null || value === undefined) return this.#drop('null-value')
    if (key === null) return this.#keepsUnmatched ? this.#emitAlone(record) : this.#drop('null-key')
    if (timestamp === times?.streamTime) this.#endWindows(record)
    this.#meet(record, key)
    this.#own.put(key, timestamp, value, timestamp)
  }

  #drop(reason: string): void {
    this.#reach.dropped(this.#node.name, reason)
  }

  #meet(record: FlowRecord, key: Buffer): void {
    const { timestamp } = record
    const until = timestamp + this.#afterMs
    let isAlone = true
    for (const other of this.#others.fetch(key, Math.max(0, timestamp - this.#beforeMs), until)) {
      isAlone = false
      this.#unmatched?.remove({ key, side: otherOf(this.#node.side), time: other.start })
      const joined = this.#joined(this.#node.side, record.value, other.value, record.key)
      const later = Math.max(timestamp, other.start)
      this.#reach.forward(record.withValue(joined).withTimestamp(later))
    }
    if (isAlone && this.#keepsUnmatched) this.#setAside(record, key, until)
  }

  /** A record whose window is over as it comes waits for nobody. */
  #setAside(record: FlowRecord, key: Buffer, until: number): void {
    const { timestamp, value } = record
    if (this.#unmatched === undefined || until < this.#unmatched.times.streamTime)
      return this.#emitAlone(record)
    const { times } = this.#unmatched
    times.earliest = Math.min(times.earliest ?? Infinity, timestamp)
    this.#unmatched.add({ key, side: this.#node.side, time: timestamp }, value)
  }

  #emitAlone(record: FlowRecord): void {
    const joined = this.#joined(this.#node.side, record.value, null, record.key)
    this.#reach.forward(record.withValue(joined))
  }

  /**
   * Lets go what can meet nobody any more. When to look is Kafka Streams' rule, to the letter: by the window of this side, and
   * by the time of the record that the last look ended at: the first one after both sides were found open, which may be
   * another of the very same place. So what is found is never early, but may be found late.
   */
  #endWindows(record: FlowRecord): void {
    const store = this.#unmatched
    if (store === undefined || !this.#mayHaveEnded(store.times)) return
    store.times.earliest = undefined
    const open = new Set<string>()
    for (const place of store.entries()) {
      store.times.earliest = place.time
      if (open.size === 2) break
      if (this.#isOpen(place, store.times.streamTime)) open.add(place.side)
      else this.#letGo(record, place, store)
      if (open.size === 2 && place.values.length > 1) break
    }
  }

  #mayHaveEnded({ earliest, streamTime }: JoinTimes): boolean {
    return (earliest ?? -Infinity) + this.#afterMs + this.#node.window.graceMs < streamTime
  }

  #isOpen({ side, time }: UnmatchedPlace, streamTime: number): boolean {
    const { beforeMs, afterMs, graceMs } = this.#node.window
    return time + (side === 'left' ? afterMs : beforeMs) + graceMs >= streamTime
  }

  #letGo(
    record: FlowRecord,
    { values, ...place }: UnmatchedPlace & { readonly values: readonly unknown[] },
    store: UnmatchedStore,
  ): void {
    const own = record.withStoredKey(place.key).withTimestamp(place.time).withWindow(null)
    for (const value of values) this.#release(own.withValue(value), place.side)
    store.remove(place)
  }

  /** What fails of a record that waited is its own fault: the one that ended its window has no part in that. */
  #release(waiting: FlowRecord, side: JoinSide): void {
    const { alone, forward } = this.#reach
    alone((own) => {
      try {
        forward(own.withValue(this.#joined(side, own.value, null, own.key)))
      } catch (error) {
        throw asBadRecord(error, this.#node.name)
      }
    })(waiting)
  }

  #joined(side: JoinSide, value: unknown, other: unknown, key: unknown): unknown {
    const { joiner } = this.#node
    return side === 'left' ? joiner(value, other, key) : joiner(other, value, key)
  }
}
