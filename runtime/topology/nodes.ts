import type { GeneratorConfig, RecordFormat } from '../config.ts'
import type { StreamRecord } from './record.ts'

/**
 * The node kinds of a topology. Both front-ends (`steps:` and the TypeScript DSL) build exactly these; names of stores
 * and internal topics come from the user's names, so that adding a step never renames another step's state.
 */
export type TopologyNode =
  | SourceNode
  | FilterNode
  | MapValuesNode
  | SelectKeyNode
  | RepartitionNode
  | AggregateNode
  | SinkNode

export interface SourceNode {
  readonly kind: 'source'
  readonly name: string
  readonly topic: string
  readonly format: RecordFormat
  readonly keyFormat: RecordFormat
  readonly startFrom: 'Earliest' | 'Latest'
  readonly generator?: GeneratorConfig
}

interface Child {
  readonly name: string
  readonly parent: string
  /** The user's own text of what this node does, for `describe()`; '' for a TypeScript function. */
  readonly label: string
}

export interface FilterNode extends Child {
  readonly kind: 'filter'
  readonly predicate: (record: StreamRecord) => boolean
}

export interface MapValuesNode extends Child {
  readonly kind: 'map-values'
  readonly mapper: (record: StreamRecord) => unknown
}

export interface SelectKeyNode extends Child {
  readonly kind: 'select-key'
  readonly selector: (record: StreamRecord) => unknown
}

/** Sends records through `<applicationId>-<stem>-repartition`, so that equal keys meet in one task. Splits the topology. */
export interface RepartitionNode extends Child {
  readonly kind: 'repartition'
  /** The user's name for what comes next: the step or the grouping. */
  readonly stem: string
}

/** Keeps one value a key in store `name`, with changelog `<applicationId>-<name>-changelog`; emits every update. */
export interface AggregateNode extends Child {
  readonly kind: 'aggregate'
  readonly initializer: () => unknown
  /** Returns the next state; must not change `state` in place. */
  readonly aggregator: (state: unknown, record: StreamRecord) => unknown
  /** State as stored → value as emitted (an average keeps count and sum, and emits their quotient). */
  readonly result: (state: unknown) => unknown
}

export interface SinkNode extends Child {
  readonly kind: 'sink'
  readonly topic: string
  readonly format: RecordFormat
  readonly keyFormat: RecordFormat
}
