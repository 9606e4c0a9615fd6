import type { GeneratorConfig, RecordFormat } from '../config.ts'
import type { Expression } from '../expr/compile.ts'
import type { WindowKeys } from '../serde/window-key.ts'
import type { WindowNode } from './window-nodes.ts'
import type { Carried } from '../serde/carried.ts'
import type { ForeignKeyNode } from './foreign-key-nodes.ts'
import type { GlobalJoinNode, GlobalTableNode } from './global-nodes.ts'
import type { StreamJoinNode, TableJoinNode } from './join-nodes.ts'
import type { ProcessNode } from './process-node.ts'
import type { KeyValue, StreamRecord } from './record.ts'
import type { NumberField } from './store-spec.ts'
import type { TableNode } from './table-nodes.ts'
import type { BurstNode, DeduplicateNode } from './within-nodes.ts'

/**
 * The node kinds of a topology. Both front-ends (`steps:` and the TypeScript DSL) build exactly these; names of stores
 * and internal topics come from the user's names, so that adding a step never renames another step's state.
 */
export type TopologyNode =
  | SourceNode
  | FilterNode
  | FilterNotNode
  | MapNode
  | MapValuesNode
  | AsyncNode
  | FlatMapNode
  | FlatMapValuesNode
  | SelectKeyNode
  | PeekNode
  | ProjectNode
  | SplitNode
  | BranchNode
  | RepartitionNode
  | MergeNode
  | AggregateNode
  | WindowNode
  | StreamJoinNode
  | TableJoinNode
  | DeduplicateNode
  | BurstNode
  | TableNode
  | ForeignKeyNode
  | GlobalTableNode
  | GlobalJoinNode
  | ProcessNode
  | SinkNode
  | DynamicSinkNode

export interface SourceNode {
  readonly kind: 'source'
  readonly name: string
  readonly topic: string
  readonly format: RecordFormat
  readonly keyFormat: RecordFormat
  readonly startFrom: 'Earliest' | 'Latest'
  readonly generator?: GeneratorConfig
  readonly time?: SourceTime
}

/** Where the time of a record comes from, and what is wrong with one. */
export interface SourceTime {
  /** Milliseconds since the epoch or ISO-8601 text; unset: the timestamp that the record bears. */
  readonly eventTime?: RecordFunction<unknown>
  /** How far a record may be ahead of all before it and of the clock, in milliseconds. */
  readonly maxAdvanceMs?: number
}

/** What a node asks of a record: a user's function, or an expression, which the fused path compiles. */
export type RecordFunction<T> = ((record: StreamRecord) => T) & {
  readonly expression?: Expression<StreamRecord>
}

/** Makes a new value. One made of a step's `map` carries its fields, in the order of the value's. */
export type ValueMapper = RecordFunction<unknown> & {
  readonly fields?: readonly (readonly [name: string, expression: Expression<StreamRecord>])[]
}

export interface Child {
  readonly name: string
  readonly parent: string
  /** The user's own text of what this node does, for `describe()`; '' for a TypeScript function. */
  readonly label: string
}

export interface FilterNode extends Child {
  readonly kind: 'filter'
  readonly predicate: RecordFunction<boolean>
}

export interface FilterNotNode extends Child {
  readonly kind: 'filter-not'
  readonly predicate: RecordFunction<boolean>
}

export interface MapNode extends Child {
  readonly kind: 'map'
  readonly mapper: RecordFunction<KeyValue>
}

export interface MapValuesNode extends Child {
  readonly kind: 'map-values'
  readonly mapper: ValueMapper
}

/** A user's function that answers later. `signal` aborts when nobody waits for the answer any more. */
export type AsyncFunction<T> = (record: StreamRecord, signal: AbortSignal) => Promise<T>

export type AsyncNode = MapAsyncNode | MapValuesAsyncNode

interface AsyncChild extends Child {
  /** Calls at a time, in each task. */
  readonly concurrency: number
  /** How long one call may take. */
  readonly timeoutMs: number
}

export interface MapAsyncNode extends AsyncChild {
  readonly kind: 'map-async'
  readonly mapper: AsyncFunction<KeyValue>
}

export interface MapValuesAsyncNode extends AsyncChild {
  readonly kind: 'map-values-async'
  readonly mapper: AsyncFunction<unknown>
}

/** Any number of records for one, in the order of the list. */
export interface FlatMapNode extends Child {
  readonly kind: 'flat-map'
  readonly mapper: RecordFunction<Iterable<KeyValue>>
}

/** Any number of records for one, all with its key, in the order of the list. */
export interface FlatMapValuesNode extends Child {
  readonly kind: 'flat-map-values'
  readonly mapper: RecordFunction<Iterable<unknown>>
}

export interface SelectKeyNode extends Child {
  readonly kind: 'select-key'
  readonly selector: RecordFunction<unknown>
}

/** A look at each record, which goes on as it is. */
export interface PeekNode extends Child {
  readonly kind: 'peek'
  readonly action: (record: StreamRecord) => void
}

/** Changes which fields an object has, not their values; null stays null. Fields keep their order. */
export interface ProjectNode extends Child {
  readonly kind: 'project'
  readonly projection: Projection
}

/** Exactly one of the three; of fields that a record does not have nothing is said. */
export interface Projection {
  readonly keep?: readonly string[]
  readonly drop?: readonly string[]
  /** Old name → new name. */
  readonly rename?: Readonly<Record<string, string>>
}

/** Gives each record to the first of its branches that takes it; a record that none takes goes nowhere. */
export interface SplitNode extends Child {
  readonly kind: 'split'
  readonly branches: readonly Branch[]
}

export interface Branch {
  /** The node of the branch, `<split>.<branch>`. */
  readonly node: string
  /** Unset: it takes all that come so far. */
  readonly predicate?: RecordFunction<boolean>
}

/** What a split gave to one of its branches, or a processor to one of its outputs. */
export interface BranchNode extends Child {
  readonly kind: 'branch'
}

/** Sends records through a topic of the job's own, so that equal keys meet in one task. Splits the topology. */
export interface RepartitionNode extends Child {
  readonly kind: 'repartition'
  /** What lies in the topic, which its name tells: see `repartitionTopic`. Unset: values. */
  readonly carries?: Carried
  /** The node whose values travel, where they are not the parent's own. */
  readonly valuesLike?: string
  /** The user's name for what comes next: the step or the grouping. */
  readonly stem: string
  /** Partitions of the topic; unset: as many as co-partitioning wants, else as there are tasks that write it. */
  readonly partitions?: number
  /** The node whose keys these are to be found among: they are written in its format. */
  readonly keysLike?: string
}

/** The records of all its parents, each as it comes. */
export interface MergeNode extends Omit<Child, 'parent'> {
  readonly kind: 'merge'
  readonly parents: readonly string[]
}

/**
 * Which updates of an aggregate go on. `OnUpdate`: each record's. `OnCommit`: of each key the last before a commit, as if
 * nothing had been in between.
 */
export type UpdateStrategy = 'OnUpdate' | 'OnCommit'

/**
 * Keeps one value a key in store `name`, with changelog `<applicationId>-<name>-changelog`; emits updates as changes of a
 * table, at the time of the latest record so far.
 */
export interface AggregateNode extends Child {
  readonly kind: 'aggregate'
  /** Unset: `OnUpdate`. */
  readonly emit?: UpdateStrategy
  readonly initializer: () => unknown
  /** Returns the next state; must not change `state` in place. */
  readonly aggregator: (state: unknown, record: StreamRecord) => unknown
  /** State as stored → value as emitted (an average keeps count and sum, and emits their quotient). */
  readonly result: (state: unknown) => unknown
  /** The fields of a step's `aggregate`, where each is of numbers: what the fused path compiles. */
  readonly fields?: readonly AggregateField[]
}

export interface AggregateField extends NumberField {
  readonly function: 'count' | 'sum' | 'min' | 'max' | 'avg'
  /** What is counted needs none. */
  readonly argument?: Expression<StreamRecord>
}

export interface SinkNode extends Child {
  readonly kind: 'sink'
  readonly topic: string
  readonly format: RecordFormat
  readonly keyFormat: RecordFormat
  /** Set: keys are written with the window that the record is of. */
  readonly windows?: WindowKeys
}

/** Writes each record to the topic that `topicOf` names. It must be one of `topics`, which the job waits for. */
export interface DynamicSinkNode extends Child {
  readonly kind: 'dynamic-sink'
  readonly topics: readonly string[]
  readonly topicOf: RecordFunction<unknown>
  readonly format: RecordFormat
  readonly keyFormat: RecordFormat
  readonly windows?: WindowKeys
}
