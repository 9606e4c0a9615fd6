import type { TopologyNode } from './nodes.ts'
import type { StoreSpec } from './store-spec.ts'
import type { SubTopology } from './sub-topologies.ts'
import { parentsOf, topicsWrittenBy } from './topology.ts'

/** A sub-topology as plain data, for programs. */
export interface SubTopologyDescription {
  readonly id: number
  readonly nodes: readonly NodeDescription[]
  readonly stores: readonly StoreDescription[]
}

export interface NodeDescription {
  readonly kind: TopologyNode['kind']
  readonly name: string
  /** Nodes whose records it takes. */
  readonly from: readonly string[]
  /** The user's own text of what it does. */
  readonly label?: string
  /** Topics that it reads or writes; the records of a dynamic sink go to one of them each. */
  readonly topics?: readonly string[]
}

export interface StoreDescription {
  readonly name: string
  readonly layout: StoreSpec['kind']
  /** Unset for a store without one. */
  readonly changelogTopic?: string
}

export const describedTopology = (
  subTopologies: readonly SubTopology[],
): readonly SubTopologyDescription[] =>
  subTopologies.map(({ id, nodes, sources, stores }) => ({
    id,
    nodes: nodes.map((node) =>
      describedNode(node, sources.find((source) => source.node === node.name)?.topic),
    ),
    stores: stores.map(({ name, kind, changelogTopic }) => ({
      name,
      layout: kind,
      ...(changelogTopic === undefined ? {} : { changelogTopic }),
    })),
  }))

function describedNode(node: TopologyNode, read: string | undefined): NodeDescription {
  const topics = topicsOf(node, read)
  const label = labelOf(node)
  return {
    kind: node.kind,
    name: node.name,
    from: parentsOf(node),
    ...(label === '' ? {} : { label }),
    ...(topics.length === 0 ? {} : { topics }),
  }
}

/** What is not the default is worth a word. */
function labelOf(node: TopologyNode): string {
  const label = 'label' in node ? node.label : ''
  const emit = 'emit' in node && node.emit !== 'OnUpdate' ? `emit ${node.emit}` : ''
  return [label, emit].filter((part) => part !== '').join(', ')
}

function topicsOf(node: TopologyNode, read: string | undefined): readonly string[] {
  if (node.kind === 'global-table') return [node.topic]
  return read === undefined ? topicsWrittenBy(node) : [read]
}

/** The topology as text, in the manner of Kafka Streams' `Topology.describe()`. */
export const describeTopology = (subTopologies: readonly SubTopology[]): string =>
  describedTopology(subTopologies)
    .map(({ id, nodes, stores }) =>
      [`Sub-topology: ${id}`, ...nodes.map(nodeText), ...stores.map(storeText)].join('\n'),
    )
    .join('\n')

function nodeText(node: NodeDescription): string {
  const { kind, name, from, label } = node
  const origin = from.length === 0 ? '' : ` <- ${from.join(', ')}`
  return `  ${kind} ${name}${topicText(node)}${label === undefined ? '' : ` [${label}]`}${origin}`
}

function topicText({ kind, topics }: NodeDescription): string {
  if (topics === undefined) return ''
  if (kind === 'sink') return ` -> topic ${topics.join()}`
  if (kind === 'dynamic-sink') return ` -> one of the topics ${topics.join(', ')}`
  return ` topic ${topics.join()}`
}

const storeText = ({ name, changelogTopic }: StoreDescription): string =>
  `  store ${name} (${changelogTopic === undefined ? 'no changelog' : `changelog ${changelogTopic}`})`
