import type { Span } from '../serde/window-key.ts'
import type { Stored, StoredWindow, WindowStore } from '../state/store.ts'
import type { SlidingAggregateNode } from '../topology/window-nodes.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'
import { WindowClose } from './window-close.ts'
import { type Update, windowUpdates } from './window-updates.ts'

/** What of a window is known before any of them takes the record. */
type Known = Pick<StoredWindow, 'start' | 'value' | 'timestamp'>

/** What came before a record: the latest window that ends before it, and the time of the last record before it. */
interface Left {
  readonly window: Known | undefined
  readonly previousTime: number | undefined
}

/**
 * For each record there is a window that ends with it, and one that begins right after it as soon as that would hold
 * something: so every set of records that lie within `sizeMs` of each other is some window's. The algorithm, and the order of
 * what it emits, are those of Kafka Streams, which leaves out records without key or value.
 */
export class SlidingAggregate implements Processor {
  readonly #node: SlidingAggregateNode
  readonly #store: WindowStore
  readonly #wiring: Wiring
  readonly #close: WindowClose
  readonly #update: Update

  constructor(node: SlidingAggregateNode, store: WindowStore, wiring: Wiring) {
    this.#node = node
    this.#store = store
    this.#wiring = wiring
    this.#update = windowUpdates(node, store, wiring.forward)
    this.#close = new WindowClose(node, wiring, (after, upTo) => {
      const { sizeMs } = this.#node
      const closing = [...store.fetchAll(after - sizeMs, upTo - sizeMs - 1)]
      return closing.map(({ key, start, value, timestamp }) => ({
        ...{ key, value, timestamp },
        window: this.#windowFrom(start),
      }))
    })
  }

  process(record: FlowRecord): void {
    const { name, sizeMs } = this.#node
    const key = record.keyBytes()
    if (key === null) return this.#wiring.dropped(name, 'null-key')
    if (record.value === null) return this.#wiring.dropped(name, 'null-value')
    const closeTime = this.#close.advance(record)
    const { timestamp } = record
    if (timestamp + sizeMs < closeTime)
      return this.#close.late(record, this.#windowFrom(Math.max(0, timestamp - sizeMs)))
    const one = new SlidingRecord(record, key, closeTime)
    if (timestamp < sizeMs) this.#processEarly(one)
    else this.#processLater(one)
  }

  #processLater(one: SlidingRecord): void {
    const { sizeMs } = this.#node
    const { time, key } = one
    // Up to the record's own right window, the latest first.
    const from = Math.max(0, time - 2 * sizeMs)
    const known = [...this.#store.fetch(key, from, time + 1)].map(copyOf).reverse()
    const isIn = ({ start }: Known) => start <= time && start + sizeMs >= time
    const holding = known.filter(isIn)
    for (const window of holding) this.#add(one, window.start, window)
    const own = holding.find(({ start }) => start + sizeMs === time)
    // Another record of this time has made all windows that there are to make.
    if (own?.timestamp === time) return
    const window = known.find(({ start }) => start + sizeMs < time)
    const left = { window, previousTime: (window ?? own)?.timestamp }
    this.#addRightOfPrevious(one, left, known)
    if (own === undefined) this.#addOwn(one, left)
    this.#addRight(
      one,
      holding.find(({ start }) => start + sizeMs > time),
      known,
    )
  }

  /** No window starts before the epoch: one from there on holds all records of its first `sizeMs`. */
  #processEarly(one: SlidingRecord): void {
    const { time, key } = one
    const known = [...this.#store.fetch(key, 0, time + 1)].map(copyOf)
    const first = known.find(({ start }) => start === 0)
    const holding = known.filter(({ start }) => start > 0 && start <= time)
    for (const window of holding) this.#add(one, window.start, window)
    this.#addRight(one, holding.at(-1) ?? first, known)
    if (first !== undefined && first.timestamp < time) {
      const start = first.timestamp + 1
      if (!known.some((window) => window.start === start)) this.#add(one, start)
    }
    this.#add(one, 0, first)
  }

  /** The records before this one get their right window, if this is the first that it holds. */
  #addRightOfPrevious(one: SlidingRecord, { previousTime }: Left, known: readonly Known[]): void {
    if (previousTime === undefined) return
    const start = previousTime + 1
    const isKnown = known.some((window) => window.start === start)
    if (!isKnown && start + this.#node.sizeMs >= one.time) this.#add(one, start)
  }

  /** The window that ends with the record begins with what the one before has, if that holds a record of it. */
  #addOwn(one: SlidingRecord, { window }: Left): void {
    const start = one.time - this.#node.sizeMs
    if (window === undefined || window.timestamp < start) return this.#add(one, start)
    this.#add(one, start, { value: window.value, timestamp: one.time }, true)
  }

  /** The record's right window has what lies after the record; it does not have the record. */
  #addRight(
    { record, key, time }: SlidingRecord,
    from: Known | undefined,
    known: readonly Known[],
  ) {
    const start = time + 1
    if (from === undefined || from.timestamp <= time) return
    if (known.some((window) => window.start === start)) return
    this.#store.put(key, start, from.value, from.timestamp)
    if (this.#node.emit === 'OnClose') return
    const change = record.withChange(this.#node.result(from.value), null)
    this.#wiring.forward(change.withWindow(this.#windowFrom(start)).withTimestamp(from.timestamp))
  }

  #add(one: SlidingRecord, start: number, before?: Stored, isNew = false): void {
    const window = this.#windowFrom(start)
    if (window.end < one.closeTime) return this.#close.late(one.record, window)
    this.#update(one.record, { key: one.key, window, before, isNew })
  }

  #windowFrom(start: number): Span {
    return { start, end: start + this.#node.sizeMs }
  }
}

class SlidingRecord {
  readonly record: FlowRecord
  readonly key: Buffer
  readonly time: number
  readonly closeTime: number

  constructor(record: FlowRecord, key: Buffer, closeTime: number) {
    this.record = record
    this.key = key
    this.time = record.timestamp
    this.closeTime = closeTime
  }
}

/** A stored value changes with its store. */
const copyOf = ({ start, value, timestamp }: StoredWindow): Known => ({ start, value, timestamp })
