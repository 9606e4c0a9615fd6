import { changelogTopic, repartitionTopic } from './internal-topics.ts'
import type { RepartitionNode, TopologyNode } from './nodes.ts'
import { type RecordFormats, repartitionFormats } from './repartition-formats.ts'
import type { StoreDeclaration, StoreSpec } from './store-spec.ts'
import { sharedStoresOf, storesOf } from './stores.ts'
import { parentsOf, type Topology } from './topology.ts'

/** Nodes that run together in one task: what lies between repartition topics. */
export interface SubTopology {
  readonly id: number
  readonly nodes: readonly TopologyNode[]
  readonly sources: readonly SubTopologySource[]
  readonly stores: readonly StoreSpec[]
  /** Where records leave for the repartition topics of other sub-topologies. */
  readonly exits: readonly RepartitionExit[]
}

export interface RepartitionExit extends RepartitionNode, RecordFormats {}

/** A topic this sub-topology reads, and the node whose children get its records. */
export interface SubTopologySource extends RecordFormats {
  readonly node: string
  readonly topic: string
  readonly startFrom: 'Earliest' | 'Latest'
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
  return [...members.values()].map((nodes, id) => ({
    id,
    nodes,
    sources: nodes.flatMap((node) => sourceOf(node, topology, applicationId)),
    stores: nodes.flatMap(storesOf).map((store) => withChangelog(store, applicationId)),
    exits: topology.nodes
      .filter((node) => node.kind === 'repartition')
      .filter(({ parent }) => nodes.some(({ name }) => name === parent))
      .map((node) => ({ ...node, ...repartitionFormats(node, topology) })),
  }))
}

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
    const { name, topic, format, keyFormat, startFrom } = node
    return [{ node: name, topic, format, keyFormat, startFrom }]
  }
  if (node.kind === 'repartition') {
    const topic = repartitionTopic(applicationId, node.stem)
    const formats = repartitionFormats(node, topology)
    return [{ node: node.name, topic, ...formats, startFrom: 'Earliest', repartition: node }]
  }
  return []
}
