import type { Problem } from '../errors.ts'
import type { TopologyNode } from './nodes.ts'
import { keyFormatAt } from './repartition-formats.ts'
import { parentsOf, type Topology } from './topology.ts'

/** Keys are compared by their bytes: those of two formats would never be equal. */
export const joinProblems = (topology: Topology): readonly Problem[] =>
  topology.nodes.flatMap((node) => {
    if (!isJoinByKey(node) || ('side' in node && node.side === 'right')) return []
    const own = keyFormatAt(node.parent, topology)
    const [other] = node.reads
    const theirs = keyFormatAt(keysOf(other, topology), topology)
    if (own === theirs) return []
    const message =
      `joins keys that are written differently: ${own} on the left, ${theirs} on the right; ` +
      'none would be equal. Give both inputs one keyFormat'
    return [{ path: `"${node.name}"`, message }]
  })

const isJoinByKey = (node: TopologyNode) =>
  node.kind === 'stream-join' || node.kind === 'table-join' || node.kind === 'table-table-join'

/** What comes to a side of a join; a table has the keys that came to it, too. */
function keysOf(name: string, { nodes }: Topology): string {
  const node = nodes.find((candidate: TopologyNode) => candidate.name === name)
  return (node === undefined ? undefined : parentsOf(node)[0]) ?? name
}
