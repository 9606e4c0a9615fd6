import type { AggregateNode, Child, UpdateStrategy } from './nodes.ts'

export type WindowNode = WindowAggregate | LateNode | SuppressNode

/** Aggregates whose store keeps one value a key and window. */
export type WindowAggregate = WindowAggregateNode | SlidingAggregateNode | SessionAggregateNode

/** `OnClose`: a window gives one value, once it takes no more records. */
export type EmitStrategy = UpdateStrategy | 'OnClose'

/** As Kafka Streams' windowed aggregates; times in milliseconds. */
interface Windowed extends Omit<AggregateNode, 'kind' | 'emit'> {
  /** For how long after its end, by stream time, a window takes records. */
  readonly graceMs: number
  readonly emit: EmitStrategy
  /** The node that gets the records that come too late. */
  readonly late: string
}

/** Windows that start at each multiple of `advanceMs`; they do not hold their end. */
export interface WindowAggregateNode extends Windowed {
  readonly kind: 'window-aggregate'
  readonly sizeMs: number
  readonly advanceMs: number
}

/** Windows that end with a record, or start right after one; they hold both ends. */
export interface SlidingAggregateNode extends Windowed {
  readonly kind: 'sliding-aggregate'
  readonly sizeMs: number
}

/** Windows from a record to the last that came within `gapMs` of another; they hold both ends. */
export interface SessionAggregateNode extends Windowed {
  readonly kind: 'session-aggregate'
  readonly gapMs: number
  /** One state for those of two sessions; `earlier` is that of the session that ended first. */
  readonly merger: (earlier: unknown, later: unknown) => unknown
  /** Whether a session that became part of a longer one is said to be gone. */
  readonly retracts: boolean
}

/**
 * Records that missed a window of an aggregate, as they came to it: one for each window missed, which it names. Its parent
 * is that of the aggregate, which alone sends it records.
 */
export interface LateNode extends Child {
  readonly kind: 'late'
  readonly of: string
}

/** Holds the updates of a table back; of each key only the last goes on. */
export interface SuppressNode extends Child {
  readonly kind: 'suppress'
  /** From when on an update waits: the end of its window, or its own time. */
  readonly from: 'WindowEnd' | 'Update'
  /** For how long, by stream time. */
  readonly waitMs: number
  /** Beyond these the oldest go on early. */
  readonly maxRecords?: number | undefined
  readonly maxBytes?: number | undefined
}

const KINDS: ReadonlySet<string> = new Set<WindowAggregate['kind']>([
  'window-aggregate',
  'sliding-aggregate',
  'session-aggregate',
])

export const isWindowAggregate = (node: { readonly kind: string }): node is WindowAggregate =>
  KINDS.has(node.kind)

/** By which later steps take what came too late. */
export const lateName = (aggregate: string): string => `${aggregate}.late`

export const lateNode = ({ name, parent }: Pick<WindowAggregate, 'name' | 'parent'>): LateNode => ({
  kind: 'late',
  name: lateName(name),
  parent,
  label: `for ${name}`,
  of: name,
})

/** For how long after its end a window may change, as Kafka Streams counts it for what waits for that. */
export const closesAfterMs = (node: WindowAggregate): number =>
  node.graceMs + (node.kind === 'session-aggregate' ? node.gapMs : 0)
