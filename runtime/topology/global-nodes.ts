import type { RecordFormat } from '../config.ts'
import type { Child, RecordFunction } from './nodes.ts'

/** A topic of which every thread has a copy of its own, all partitions of it. Its updates go nowhere. */
export interface GlobalTableNode {
  readonly kind: 'global-table'
  readonly name: string
  readonly topic: string
  readonly format: RecordFormat
  readonly keyFormat: RecordFormat
}

/** Lets each record of a stream meet the row that a global table has for it at that moment. */
export interface GlobalJoinNode extends Child {
  readonly kind: 'global-join'
  /** The global table. */
  readonly table: string
  /** The key of the row. */
  readonly selector: RecordFunction<unknown>
  readonly type: 'Inner' | 'Left'
  /** `row` is null where there is none. */
  readonly joiner: (value: unknown, row: unknown) => unknown
}
