import type { Problem } from '../errors.ts'
import type { TopologyNode } from './nodes.ts'
import { keyFormatAt, valueFormatInto } from './repartition-formats.ts'
import type { Topology } from './topology.ts'
import { windowProblems } from './window-problems.ts'

export const joinProblems = (topology: Topology): readonly Problem[] => [
  ...keyProblems(topology),
  ...windowProblems(topology),
  ...topology.nodes.flatMap((node) => graceProblems(node, topology)),
]

function graceProblems(node: TopologyNode, topology: Topology): readonly Problem[] {
  if (node.kind !== 'table-join' || node.graceMs === undefined) return []
  const path = `"${node.name}"`
  const [table] = node.reads
  if (!keepsHistory(table, topology)) {
    const message = `waits for late updates of "${table}", which keeps no history to look them up in: give it history, or leave grace out`
    return [{ path, message }]
  }
  if (valueFormatInto(node.name, topology) !== 'Bytes') return []
  return [
    {
      path,
      message: 'records wait as JSON, which bytes are not: read the input in another format',
    },
  ]
}

function keepsHistory(name: string, topology: Topology): boolean {
  const node = topology.nodes.find((candidate) => candidate.name === name)
  if (node?.kind === 'to-table') return node.historyMs !== undefined
  const isView = node?.kind === 'table-filter' || node?.kind === 'table-map-values'
  return isView && keepsHistory(node.parent, topology)
}

/** Keys are compared by their bytes: those of two formats would never be equal. */
const keyProblems = (topology: Topology): readonly Problem[] =>
  topology.nodes.flatMap((node) => {
    if (!isJoinByKey(node) || ('side' in node && node.side === 'right')) return []
    const own = keyFormatAt(node.parent, topology)
    const [other] = node.reads
    const theirs = keyFormatAt(other, topology)
    if (own === theirs) return []
    const message =
      `joins keys that are written differently: ${own} on the left, ${theirs} on the right; ` +
      'none would be equal. Give both inputs one keyFormat'
    return [{ path: `"${node.name}"`, message }]
  })

const isJoinByKey = (node: TopologyNode) =>
  node.kind === 'stream-join' || node.kind === 'table-join' || node.kind === 'table-table-join'
