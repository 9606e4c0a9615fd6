import type { Child, RecordFunction, UpdateStrategy } from './nodes.ts'
import type { StreamRecord } from './record.ts'
import type { JoinSide } from './store-spec.ts'

/** Nodes of tables. What goes from one to the next is an update: the new value of a key with the old one. */
export type TableNode =
  | ToTableNode
  | TableFilterNode
  | TableMapValuesNode
  | ToStreamNode
  | TableGroupNode
  | TableAggregateNode
  | TableTableJoinNode

/**
 * Keeps the latest value of each key, by offset, in store `name`, with changelog `<applicationId>-<name>-changelog`. Drops
 * records without key.
 */
export interface ToTableNode extends Child {
  readonly kind: 'to-table'
  /** Tells of no removal of a row that it does not have, as what is above may be wrong about the row before. */
  readonly removesOwnOnly?: true
  /** Keeps what was so far back in event time as well, each version where its time belongs. */
  readonly historyMs?: number
}

/** A row that the predicate does not take is not there. */
export interface TableFilterNode extends Child {
  readonly kind: 'table-filter'
  readonly predicate: RecordFunction<boolean>
  /** Whether rows for which the predicate is true stay, or the others. */
  readonly keeps: boolean
}

export interface TableMapValuesNode extends Child {
  readonly kind: 'table-map-values'
  readonly mapper: RecordFunction<unknown>
}

/** The updates of a table as records of a stream. */
export interface ToStreamNode extends Child {
  readonly kind: 'to-stream'
}

/** Turns each update into what it takes from the rows of its old key and adds to those of its new one. */
export interface TableGroupNode extends Child {
  readonly kind: 'table-group'
  readonly selector: RecordFunction<unknown>
}

/** An aggregate of a table's rows by another key: what an update replaces is taken back. */
export interface TableAggregateNode extends Child {
  readonly kind: 'table-aggregate'
  /** Unset: `OnUpdate`. */
  readonly emit?: UpdateStrategy
  readonly initializer: () => unknown
  /** Returns the next state; must not change `state` in place. */
  readonly aggregator: (state: unknown, record: StreamRecord) => unknown
  /** Undoes what the aggregator did with the record; null where nothing is left. */
  readonly subtractor: (state: unknown, record: StreamRecord) => unknown
  readonly result: (state: unknown) => unknown
}

/** One side of a join of two tables by their key: an update of this side meets the row of the other. */
export interface TableTableJoinNode extends Child {
  readonly kind: 'table-table-join'
  readonly side: JoinSide
  /** The table of the other side. */
  readonly reads: readonly [other: string]
  /** Which of the two rows must be there for a row to come of it. */
  readonly needsOwn: boolean
  readonly needsOther: boolean
  /** A row that is not there is null. */
  readonly joiner: (own: unknown, other: unknown) => unknown
}
