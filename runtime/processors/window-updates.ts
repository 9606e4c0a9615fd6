import type { Span } from '../serde/window-key.ts'
import type { Stored, WindowStore } from '../state/store.ts'
import type { SlidingAggregateNode, WindowAggregateNode } from '../topology/window-nodes.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Forward } from './processor.ts'

/** A window of a key that takes a record. */
export interface Updated {
  readonly key: Buffer
  readonly window: Span
  /** What the record is added to; unset: it is the first. */
  readonly before?: Stored | undefined
  /** The window begins with what another had so far. */
  readonly isNew?: boolean
}

export type Update = (record: FlowRecord, updated: Updated) => void

/** Adds a record to a window; the result bears the latest time of the window's records. */
export function windowUpdates(
  { initializer, aggregator, result, emit }: WindowAggregateNode | SlidingAggregateNode,
  store: WindowStore,
  forward: Forward,
): Update {
  const resultOf = (state: unknown) => (state === undefined ? null : result(state))
  return (record, { key, window, before, isNew = false }) => {
    const state = aggregator(before?.value ?? initializer(), record) ?? undefined
    const oldResult = isNew ? null : resultOf(before?.value)
    const timestamp = latestTime(record, before)
    store.put(key, window.start, state, state === undefined ? record.timestamp : timestamp)
    if (emit === 'OnClose') return
    const change = record.withChange(resultOf(state), oldResult)
    forward(change.withWindow(window).withTimestamp(timestamp))
  }
}

const latestTime = ({ timestamp }: FlowRecord, before: Stored | undefined): number =>
  before === undefined ? timestamp : Math.max(timestamp, before.timestamp)
