import type { Span } from '../serde/window-key.ts'
import type { SessionStore, StoredSession } from '../state/store.ts'
import type { SessionAggregateNode } from '../topology/window-nodes.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'
import { WindowClose } from './window-close.ts'

/** Like Kafka Streams, leaves out a record without key alone: a null value is one to be counted. */
export function sessionAggregateProcessor(
  node: SessionAggregateNode,
  store: SessionStore,
  wiring: Wiring,
): Processor {
  const { name, gapMs } = node
  const close = new WindowClose(node, wiring, (after, upTo) =>
    [...store.fetchAll(after, upTo - 1)].map(({ key, start, end, value }) => ({
      ...{ key, value, timestamp: end },
      window: { start, end },
    })),
  )
  const updates = new SessionUpdates(node, store, wiring)
  return {
    process(record) {
      const key = record.keyBytes()
      if (key === null) return wiring.dropped(name, 'null-key')
      const closeTime = close.advance(record)
      const { timestamp } = record
      // One that was emitted is closed for good: Kafka Streams may emit its records again, in a longer one.
      const open = node.emit === 'OnClose' ? closeTime : 0
      const earliest = Math.max(timestamp - gapMs, open)
      const found = [...store.find(key, earliest, timestamp + gapMs)].map(copyOf)
      const window = spanOf(found, timestamp)
      if (window.end < closeTime) return close.late(record, window)
      updates.add(record, key, { window, found })
    },
  }
}

/** A stored value changes with its store. */
const copyOf = ({ key, start, end, value, timestamp }: StoredSession): StoredSession => ({
  ...{ key, start, end, value, timestamp },
})

const spanOf = (sessions: readonly Span[], time: number): Span => ({
  start: Math.min(time, ...sessions.map(({ start }) => start)),
  end: Math.max(time, ...sessions.map(({ end }) => end)),
})

class SessionUpdates {
  readonly #node: SessionAggregateNode
  readonly #store: SessionStore
  readonly #wiring: Wiring

  constructor(node: SessionAggregateNode, store: SessionStore, wiring: Wiring) {
    this.#node = node
    this.#store = store
    this.#wiring = wiring
  }

  /** The sessions that the record meets become one: first each of them is said to be gone, then comes the new one. */
  add(
    record: FlowRecord,
    key: Buffer,
    { window, found }: { readonly window: Span; readonly found: readonly StoredSession[] },
  ): void {
    const { initializer, aggregator, merger, result } = this.#node
    const merged = found.reduce((state, session) => merger(state, session.value), initializer())
    // As in Kafka Streams: only a session of a single point in time is replaced where it stands.
    const [replaced] = window.start === window.end ? found : []
    if (replaced === undefined) for (const session of found) this.#retract(record, session)
    const state = aggregator(merged, record) ?? undefined
    this.#store.put({ key, ...window }, state, record.timestamp)
    const value = state === undefined ? null : result(state)
    const oldValue = replaced === undefined ? null : result(replaced.value)
    this.#emit(record.withChange(value, oldValue), window)
  }

  #retract(record: FlowRecord, { key, start, end, value }: StoredSession): void {
    this.#store.put({ key, start, end }, undefined, record.timestamp)
    if (this.#node.retracts)
      this.#emit(record.withChange(null, this.#node.result(value)), { start, end })
  }

  /** Whatever a session gives bears the time of its end. */
  #emit(change: FlowRecord, window: Span): void {
    if (this.#node.emit !== 'OnClose')
      this.#wiring.forward(change.withWindow(window).withTimestamp(window.end))
  }
}
