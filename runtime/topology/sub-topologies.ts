import type { RecordFormat } from '../config.ts'
import { changelogTopic, repartitionTopic } from './internal-topics.ts'
import type { AggregateNode, RepartitionNode, TopologyNode } from './nodes.ts'
import { parentOf, type Topology } from './topology.ts'

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
  /** For a repartition topic: the sub-topology's own; otherwise a topic of the user's. */
  readonly internal: boolean
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
  const roots = new Map<string, string>()
  for (const node of topology.nodes) {
    const parent = parentOf(node)
    const root = node.kind === 'repartition' || parent === undefined ? node.name : roots.get(parent)
    roots.set(node.name, root ?? node.name)
  }
  const members = Map.groupBy(topology.nodes, (node) => roots.get(node.name) ?? node.name)
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

function sourceOf(node: TopologyNode, applicationId: string): SubTopologySource[] {
  if (node.kind === 'source') {
    const { name, topic, format, startFrom } = node
    return [{ node: name, topic, format, startFrom, internal: false }]
  }
  if (node.kind === 'repartition') {
    const topic = repartitionTopic(applicationId, node.stem)
    return [{ node: node.name, topic, format: 'Json', startFrom: 'Earliest', internal: true }]
  }
  return []
}
