import type { Child, RecordFunction } from './nodes.ts'

/** Nodes that remember the records of a key for a while. A record older than the latest by more than `withinMs` is late. */

/** Lets the first of equal records through, and no other whose time is within `withinMs` of it. */
export interface DeduplicateNode extends Child {
  readonly kind: 'deduplicate'
  /** What makes two records of a key equal; unset: the key alone. */
  readonly by?: RecordFunction<unknown>
  readonly withinMs: number
}

/** Lets each record through that is at least the `atLeast`-th of its key within `withinMs`, with how many there are. */
export interface BurstNode extends Child {
  readonly kind: 'burst'
  readonly atLeast: number
  readonly withinMs: number
  readonly mapper: (value: unknown, count: number) => unknown
}
