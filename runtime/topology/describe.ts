import type { TopologyNode } from './nodes.ts'
import type { SubTopology } from './sub-topologies.ts'
import { parentsOf } from './topology.ts'

/** The topology as text, in the manner of Kafka Streams' `Topology.describe()`. */
export const describeTopology = (subTopologies: readonly SubTopology[]): string =>
  subTopologies
    .map(({ id, nodes, sources, stores }) =>
      [
        `Sub-topology: ${id}`,
        ...nodes.map(
          (node) => `  ${describeNode(node, sources.find((s) => s.node === node.name)?.topic)}`,
        ),
        ...stores.map(
          ({ name, changelogTopic }) =>
            `  store ${name} (${changelogTopic === undefined ? 'no changelog' : `changelog ${changelogTopic}`})`,
        ),
      ].join('\n'),
    )
    .join('\n')

function describeNode(node: TopologyNode, topic: string | undefined): string {
  const parents = parentsOf(node)
  const from = parents.length === 0 ? '' : ` <- ${parents.join(', ')}`
  const label = 'label' in node && node.label !== '' ? ` [${node.label}]` : ''
  return `${node.kind} ${node.name}${topicText(node, topic)}${label}${from}`
}

function topicText(node: TopologyNode, read: string | undefined): string {
  if (node.kind === 'sink') return ` -> topic ${node.topic}`
  if (node.kind === 'dynamic-sink') return ` -> one of the topics ${node.topics.join(', ')}`
  return read === undefined ? '' : ` topic ${read}`
}
