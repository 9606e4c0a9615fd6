import type { TopologyNode } from './nodes.ts'
import { parentOf } from './topology.ts'

/**
 * True when a key was chosen since the records were last placed by their key (at a source or a repartition): equal keys
 * may then sit in different partitions.
 */
export function keyChanged(nodes: readonly TopologyNode[], from: string): boolean {
  const node = nodes.find(({ name }) => name === from)
  if (node === undefined || node.kind === 'source' || node.kind === 'repartition') return false
  if (node.kind === 'select-key') return true
  return keyChanged(nodes, parentOf(node) ?? '')
}
