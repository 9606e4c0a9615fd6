import type { TopologyNode } from '../../runtime/topology/nodes.ts'
import { parentsOf, type Topology, topologyOf } from '../../runtime/topology/topology.ts'
import type { Op } from './case.ts'

/**
 * Which of two children of a node comes first is decided by the order of the calls in Kafka Streams, and in Millrace, whose
 * streams know nothing of each other, by the order in which the outputs lead to them. This puts them in the order of calls.
 */
export function inCallOrder({ nodes }: Topology, ops: readonly Op[]): Topology {
  const ranks = new Map<string, number>()
  for (const node of nodes) {
    const made = ops.findLastIndex((op) => makes(op, node))
    const above = parentsOf(node).map((parent) => ranks.get(parent) ?? 0)
    ranks.set(node.name, made < 0 ? Math.max(0, ...above) : made)
  }
  const rank = ({ name }: TopologyNode) => ranks.get(name) ?? 0
  return topologyOf(nodes.toSorted((a, b) => rank(a) - rank(b)))
}

const makes = (op: Op, node: TopologyNode): boolean =>
  node.kind === 'sink'
    ? op.op === 'to' && op.topic === node.topic
    : node.name === op.name || node.name.startsWith(`${op.name}.`)
