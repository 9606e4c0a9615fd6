import type { WindowKeys } from '../serde/window-key.ts'
import type { GlobalTableNode } from './global-nodes.ts'
import { changelogTopic, repartitionTopic } from './internal-topics.ts'
import type { RepartitionNode, SourceTime, TopologyNode } from './nodes.ts'
import { keepsNullKeys } from './null-keys.ts'
import { type RecordFormats, repartitionFormats, valueFormatInto } from './repartition-formats.ts'
import type { StoreDeclaration, StoreSpec } from './store-spec.ts'
import { sharedStoresOf, storesOf } from './stores.ts'
import { parentsOf, type Topology } from './topology.ts'
import { windowKeysAt } from './windowed.ts'

/** Nodes that run together in one task: what lies between repartition topics. */
export interface SubTopology {
  readonly id: number
  readonly nodes: readonly TopologyNode[]
  readonly sources: readonly SubTopologySource[]
  readonly stores: readonly StoreSpec[]
  /** Where records leave for the repartition topics of other sub-topologies. */
  readonly exits: readonly RepartitionExit[]
}

export interface RepartitionExit extends RepartitionNode, RecordFormats {
  /** Records without key are not dropped here. */
  readonly keepsNullKeys: boolean
  /** Set: the keys there hold windows. */
  readonly windows?: WindowKeys
}

/** A topic this sub-topology reads, and the node whose children get its records. */
export interface SubTopologySource extends RecordFormats {
  readonly node: string
  readonly topic: string
  readonly startFrom: 'Earliest' | 'Latest'
  readonly time?: SourceTime
  /** Set: the keys there hold windows. */
  readonly windows?: WindowKeys
  /** The node behind a repartition topic of the job's own; unset for a topic of the user's. */
  readonly repartition?: RepartitionNode
}

/**
 * Splits at repartition nodes. Nodes joined by edges share a sub-topology; ids follow first appearance, as in Kafka
 * Streams. A repartition node ends one sub-topology and begins the next.
 */
export function subTopologiesOf(topology: Topology, applicationId: string): readonly SubTopology[] {
  const groups = connected(topology.nodes)
  const members = Map.groupBy(topology.nodes, ({ name }) => groups.get(name))
  const formatInto = (node: string) => valueFormatInto(node, topology)
  return [...members.values()].map((nodes, id) => ({
    id,
    nodes,
    sources: nodes.flatMap((node) => sourceOf(node, topology, applicationId)),
    stores: nodes
      .flatMap((node) => storesOf(node, formatInto))
      .map((store) => withChangelog(store, applicationId)),
    exits: topology.nodes
      .filter((node) => node.kind === 'repartition')
      .filter(({ parent }) => nodes.some(({ name }) => name === parent))
      .map((node) => exitOf(node, topology)),
  }))
}

/** The global tables of a job. Each is a sub-topology without tasks, since every thread reads it. */
export const globalTablesIn = (subTopologies: readonly SubTopology[]): readonly GlobalTableNode[] =>
  subTopologies.flatMap(({ nodes }) => nodes.filter((node) => node.kind === 'global-table'))

const withChangelog = (store: StoreDeclaration, applicationId: string): StoreSpec =>
  store.changelog === false
    ? store
    : { ...store, changelogTopic: changelogTopic(applicationId, store.name) }

/** Node → the group it belongs to. A merge makes one group of those of its parents, a store one of those that use it. */
function connected(nodes: readonly TopologyNode[]): ReadonlyMap<string, string> {
  const groups = new Map<string, string>()
  for (const node of nodes) {
    const above = node.kind === 'repartition' ? [] : [...parentsOf(node), ...sharedStoresOf(node)]
    const joined = new Set(above.map((parent) => groups.get(parent)))
    const [group = node.name] = joined
    groups.set(node.name, group)
    for (const [name, old] of groups) if (joined.has(old)) groups.set(name, group)
  }
  return groups
}

function sourceOf(
  node: TopologyNode,
  topology: Topology,
  applicationId: string,
): SubTopologySource[] {
  if (node.kind === 'source') {
    const { name, topic, format, keyFormat, startFrom, time } = node
    return [{ node: name, topic, format, keyFormat, startFrom, ...(time && { time }) }]
  }
  if (node.kind === 'repartition') {
    return [
      {
        node: node.name,
        topic: repartitionTopic(applicationId, node),
        ...writtenAs(node, topology),
        startFrom: 'Earliest',
        repartition: node,
      },
    ]
  }
  return []
}

function writtenAs(node: RepartitionNode, topology: Topology) {
  const windows = windowKeysAt(topology.nodes, node.parent)
  return { ...repartitionFormats(node, topology), ...(windows && { windows }) }
}

function exitOf(node: RepartitionNode, topology: Topology): RepartitionExit {
  const { keyFormat, ...written } = writtenAs(node, topology)
  // Answers go to keys of another sub-topology, which are known here by their bytes alone.
  return {
    ...node,
    ...written,
    keyFormat: node.carries === 'responses' ? 'Bytes' : keyFormat,
    keepsNullKeys: keepsNullKeys(node, topology),
  }
}
