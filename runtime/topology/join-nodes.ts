import type { JoinWindow } from './join-window.ts'
import type { Child } from './nodes.ts'
import type { JoinSide } from './store-spec.ts'

/** A new value of what has met; the side that is missing is null. */
export interface ValueJoiner {
  (left: unknown, right: unknown, key: unknown): unknown
  /** Set where the new value is the left one with the right one as this field. */
  readonly as?: string
}

/** What becomes of records that meet none: dropped, kept if they are of the left, or kept. */
export type JoinType = 'Inner' | 'Left' | 'Outer'

/**
 * One side of a join of two streams: lets each record meet those of the other side, then keeps it for them in store `name`.
 * Times as seen from the left: its partner is up to `beforeMs` earlier, up to `afterMs` later.
 */
export interface StreamJoinNode extends Child {
  readonly kind: 'stream-join'
  readonly side: JoinSide
  readonly type: JoinType
  readonly window: JoinWindow
  readonly joiner: ValueJoiner
  /** The node of the other side. */
  readonly reads: readonly [other: string]
  /** The store, of both sides, of records that have met none; there is none for `Inner`. */
  readonly unmatched?: string
}

/**
 * Lets each record of a stream meet what a table has for its key at that moment, or had at the time of the record if the table
 * keeps its history.
 */
export interface TableJoinNode extends Child {
  readonly kind: 'table-join'
  readonly type: Exclude<JoinType, 'Outer'>
  readonly joiner: ValueJoiner
  /** The table. */
  readonly reads: readonly [table: string]
  /** Records wait so long, in event time and in store `name`, for updates of the table that come late. */
  readonly graceMs?: number
}
