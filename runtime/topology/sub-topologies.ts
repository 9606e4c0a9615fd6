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
  readonly exits: readonly RepartitionExit[]
}

export interface RepartitionExit extends RepartitionNode {
  /** How the values lie in the repartition topic. */
  readonly format: RecordFormat
}

/** A topic this sub-topology reads, and the node whose children get its records. */
export interface SubTopologySource {
  readonly node: string
  readonly topic: string
  readonly format: RecordFormat
  readonly keyFormat: RecordFormat
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
    sources: nodes.flatMap((node) => sourceOf(node, topology, applicationId)),
    stores: nodes
      .filter((node): node is AggregateNode => node.kind === 'aggregate')
      .map(({ name }) => ({ name, changelogTopic: changelogTopic(applicationId, name) })),
    exits: topology.nodes
      .filter((node) => node.kind === 'repartition')
      .filter(({ parent }) => nodes.some(({ name }) => name === parent))
      .map((node) => ({ ...node, format: valueFormatAt(node, topology) })),
  }))
}

function sourceOf(
  node: TopologyNode,
  topology: Topology,
  applicationId: string,
): SubTopologySource[] {
  if (node.kind === 'source') {
    const { name, topic, format, keyFormat, startFrom } = node
    return [{ node: name, topic, format, keyFormat, startFrom, internal: false }]
  }
  if (node.kind === 'repartition') {
    const topic = repartitionTopic(applicationId, node.stem)
    const format = valueFormatAt(node, topology)
    // The key was chosen by the job, and lies there as text: see `serde/key.ts`.
    const keyFormat = 'String'
    return [{ node: node.name, topic, format, keyFormat, startFrom: 'Earliest', internal: true }]
  }
  return []
}

/** Nodes that hand on the very value they were given. */
const passing: ReadonlySet<TopologyNode['kind']> = new Set(['filter', 'select-key', 'repartition'])

/** A value that no node has changed since it was read goes on in its own bytes; what a job made is written as JSON. */
function valueFormatAt(node: TopologyNode, { nodes }: Topology): RecordFormat {
  let current: TopologyNode | undefined = node
  while (current !== undefined && passing.has(current.kind)) {
    const parent: string | undefined = parentOf(current)
    current = nodes.find(({ name }) => name === parent)
  }
  return current?.kind === 'source' ? current.format : 'Json'
}
