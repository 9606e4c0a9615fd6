import type { Stored, Stores } from '../state/store.ts'
import type { AsyncNode, SinkNode, TopologyNode } from '../topology/nodes.ts'
import { aggregateProcessor } from './aggregate.ts'
import { burstProcessor } from './burst.ts'
import { deduplicateProcessor } from './deduplicate.ts'
import { dynamicSinkProcessor } from './dynamic-sink.ts'
import { filterProcessor } from './filter.ts'
import { filterNotProcessor } from './filter-not.ts'
import { flatMapProcessor } from './flat-map.ts'
import { flatMapValuesProcessor } from './flat-map-values.ts'
import type { FlowRecord } from './flow-record.ts'
import { foreignKeyAnswerProcessor } from './foreign-key-answer.ts'
import { foreignKeyResolveProcessor } from './foreign-key-resolve.ts'
import { foreignKeySubscribeProcessor } from './foreign-key-subscribe.ts'
import { foreignKeySubscriptionsProcessor } from './foreign-key-subscriptions.ts'
import { globalJoinProcessor } from './global-join.ts'
import { mapProcessor } from './map.ts'
import { mapAsyncProcessor } from './map-async.ts'
import { mapValuesProcessor } from './map-values.ts'
import { mapValuesAsyncProcessor } from './map-values-async.ts'
import { peekProcessor } from './peek.ts'
import type { Forward, Processor } from './processor.ts'
import { processProcessor } from './process.ts'
import type { ProcessorHost } from './processor-host.ts'
import { projectProcessor } from './project.ts'
import { selectKeyProcessor } from './select-key.ts'
import { sessionAggregateProcessor } from './session-aggregate.ts'
import { SlidingAggregate } from './sliding-aggregate.ts'
import { splitProcessor } from './split.ts'
import { StreamJoin } from './stream-join.ts'
import type { StreamTime } from './stream-time.ts'
import { suppressProcessor } from './suppress.ts'
import { tableJoinProcessor } from './table-join.ts'
import { tableAggregateProcessor } from './table-aggregate.ts'
import { tableFilterProcessor } from './table-filter.ts'
import { tableGroupProcessor } from './table-group.ts'
import { tableMapValuesProcessor } from './table-map-values.ts'
import { tableTableJoinProcessor } from './table-table-join.ts'
import type { TableView } from './table-view.ts'
import { toTableProcessor } from './to-table.ts'
import { versionedTableProcessor } from './versioned-table.ts'
import { windowAggregateProcessor } from './window-aggregate.ts'

/** A topic of the user's, and how records are written there. */
export type SinkTarget = Pick<SinkNode, 'topic' | 'format' | 'keyFormat' | 'windows'>

/** What a processor may reach. */
export interface Wiring {
  readonly forward: Forward
  /** The way to one child alone. */
  readonly forwardTo: (child: string) => Forward
  /** The store of a node in this task; throws if it has another layout. */
  readonly store: <L extends keyof Stores>(layout: L, name: string) => Stores[L]
  /** The table that a node makes, in this task; throws if it makes none. */
  readonly view: (node: string) => TableView
  /** This thread's copy of a global table. */
  readonly global: (name: string) => GlobalRows
  /** Counts a record that the node leaves out: `late`, `null-key`, `null-value`. */
  readonly dropped: (node: string, reason: string) => void
  /** Takes a record that leaves for an output topic. Throws `SerdeFault` if it cannot be written. */
  readonly sink: (to: SinkTarget, record: FlowRecord) => void
  /** The way for what the node makes at a time of its own, such as a window that closes: if it fails, then by itself. */
  readonly alone: (forward: Forward) => Forward
  /** Lets the node's function answer later; `goOn` gets each record with its answer, in the order in which they came. */
  readonly later: (node: AsyncNode, goOn: GoOn) => Processor
  /** The stream time of an operator: the same for all nodes that ask by its name. Undone with a record that fails. */
  readonly streamTime: (operator: string) => StreamTime
  /** Called when stream time moves on without records, with a record that has nothing but that time. */
  readonly whenIdle: (node: string, listener: (tick: FlowRecord) => void) => void
  /** What the task is to users' processors. */
  readonly host: ProcessorHost
}

/** The rows of a global table, by their key as jobs see it. */
export interface GlobalRows {
  /** Throws `SerdeFault` for a key that the table cannot have. */
  get(key: unknown): Stored | undefined
}

/** What comes of a record once its answer is there; may throw. */
export type GoOn = (record: FlowRecord, answer: unknown) => void

const passOn = (_: TopologyNode, { forward }: Wiring): Processor => ({ process: forward })

const store = ({ name }: Pick<TopologyNode, 'name'>, wiring: Wiring) =>
  wiring.store('key-value', name)

/** What runs each kind of node. Some only say where records come from, and pass them on. */
const makers: {
  readonly [K in TopologyNode['kind']]: (
    node: Extract<TopologyNode, { kind: K }>,
    wiring: Wiring,
  ) => Processor
} = {
  source: passOn,
  filter: (node, { forward }) => filterProcessor(node, forward),
  'filter-not': (node, { forward }) => filterNotProcessor(node, forward),
  map: (node, { forward }) => mapProcessor(node, forward),
  'map-values': (node, { forward }) => mapValuesProcessor(node, forward),
  'map-async': (node, wiring) => mapAsyncProcessor(node, wiring),
  'map-values-async': (node, wiring) => mapValuesAsyncProcessor(node, wiring),
  'select-key': (node, { forward }) => selectKeyProcessor(node, forward),
  'flat-map': (node, { forward }) => flatMapProcessor(node, forward),
  'flat-map-values': (node, { forward }) => flatMapValuesProcessor(node, forward),
  peek: (node, { forward }) => peekProcessor(node, forward),
  project: (node, { forward }) => projectProcessor(node, forward),
  split: (node, { forwardTo }) => splitProcessor(node, forwardTo),
  branch: passOn,
  repartition: passOn,
  merge: passOn,
  aggregate: (node, { store, forward }) =>
    aggregateProcessor(node, store('key-value', node.name), forward),
  'to-table': (node, wiring) =>
    node.historyMs === undefined
      ? toTableProcessor(node, store(node, wiring), wiring)
      : versionedTableProcessor(node, wiring.store('versioned', node.name), wiring),
  process: (node, wiring) => processProcessor(node, wiring),
  'table-filter': (node, { forward }) => tableFilterProcessor(node, forward),
  'table-map-values': (node, { forward }) => tableMapValuesProcessor(node, forward),
  'to-stream': passOn,
  'table-group': (node, { forward }) => tableGroupProcessor(node, forward),
  'table-aggregate': (node, wiring) =>
    tableAggregateProcessor(node, store(node, wiring), wiring.forward),
  'table-table-join': (node, { view, forward }) =>
    tableTableJoinProcessor(node, view(node.reads[0]), forward),
  'foreign-key-subscribe': (node, wiring) => foreignKeySubscribeProcessor(node, wiring),
  'foreign-key-subscriptions': (node, wiring) =>
    foreignKeySubscriptionsProcessor(node, store(node, wiring), wiring),
  'foreign-key-answer': ({ reads: [name] }, wiring) =>
    foreignKeyAnswerProcessor(store({ name }, wiring), wiring.forward),
  'foreign-key-resolve': (node, wiring) => foreignKeyResolveProcessor(node, wiring),
  'global-table': passOn,
  'global-join': (node, wiring) => globalJoinProcessor(node, wiring),
  'stream-join': (node, wiring) => new StreamJoin(node, wiring),
  'table-join': (node, wiring) => tableJoinProcessor(node, wiring),
  deduplicate: (node, wiring) =>
    deduplicateProcessor(node, wiring.store('window', node.name), wiring),
  burst: (node, wiring) => burstProcessor(node, wiring.store('window', node.name), wiring),
  'window-aggregate': (node, wiring) =>
    windowAggregateProcessor(node, wiring.store('window', node.name), wiring),
  'sliding-aggregate': (node, wiring) =>
    new SlidingAggregate(node, wiring.store('window', node.name), wiring),
  'session-aggregate': (node, wiring) =>
    sessionAggregateProcessor(node, wiring.store('session', node.name), wiring),
  late: passOn,
  suppress: (node, wiring) => suppressProcessor(node, wiring.store('buffer', node.name), wiring),
  sink: (node, { sink }) => ({ process: (record) => sink(node, record) }),
  'dynamic-sink': (node, { sink }) => dynamicSinkProcessor(node, sink),
}

export const processorOf = (node: TopologyNode, wiring: Wiring): Processor =>
  makers[node.kind](node as never, wiring)
