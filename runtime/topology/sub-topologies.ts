import type { RecordFormat } from '../config.ts'
import { changelogTopic, repartitionTopic } from './internal-topics.ts'
import type { AggregateNode, RepartitionNode, TopologyNode } from './nodes.ts'
import { parentsOf, type Topology } from './topology.ts'

/** Nodes that run together in one task: what lies between repartition topics. */
export interface SubTopology {
  readonly id: number
  readonly nodes: readonly TopologyNode[]
  readonly sources: readonly SubTopologySource[]
  readonly stores: readonly StoreSpec[]
  /** Where records leave for the repartition topics of other sub-topologies. */
  readonly exits: readonly RepartitionNode[]
}

/** A topic this sub-topology reads, and the node whose children get its records. */
export interface SubTopologySource {
  readonly node: string
  readonly topic: string
  readonly format: RecordFormat
  readonly startFrom: 'Earliest' | 'Latest'
  /** The node behind a repartition topic of the job's own; unset for a topic of the user's. */
  readonly repartition?: RepartitionNode
}

export interface StoreSpec {
  readonly name: string
  readonly changelogTopic: string
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
    sources: nodes.flatMap((node) => sourceOf(node, applicationId)),
    stores: nodes
      .filter((node): node is AggregateNode => node.kind === 'aggregate')
      .map(({ name }) => ({ name, changelogTopic: changelogTopic(applicationId, name) })),
    exits: topology.nodes.filter(
      (node): node is RepartitionNode =>
        node.kind === 'repartition' && nodes.some(({ name }) => name === node.parent),
    ),
  }))
}

/** Node → the group it belongs to. A merge makes one group of those of its parents. */
function connected(nodes: readonly TopologyNode[]): ReadonlyMap<string, string> {
  const groups = new Map<string, string>()
  for (const node of nodes) {
    const above = node.kind === 'repartition' ? [] : parentsOf(node)
    const joined = new Set(above.map((parent) => groups.get(parent)))
    const [group = node.name] = joined
    groups.set(node.name, group)
    for (const [name, old] of groups) if (joined.has(old)) groups.set(name, group)
  }
  return groups
}

function sourceOf(node: TopologyNode, applicationId: string): SubTopologySource[] {
  if (node.kind === 'source') {
    const { name, topic, format, startFrom } = node
    return [{ node: name, topic, format, startFrom }]
  }
  if (node.kind === 'repartition') {
    const topic = repartitionTopic(applicationId, node.stem)
    return [{ node: node.name, topic, format: 'Json', startFrom: 'Earliest', repartition: node }]
  }
  return []
}
