import type { SourceNode, TopologyNode } from './nodes.ts'

/** A job as data: its nodes, in the order the user wrote them, parents before children. Frozen. */
export interface Topology {
  readonly nodes: readonly TopologyNode[]
}

/** None for a source, several for a merge. */
export const parentsOf = (node: {
  readonly kind: string
  readonly parent?: string
  readonly parents?: readonly string[]
}): readonly string[] => node.parents ?? (node.parent === undefined ? [] : [node.parent])

export const sourcesOf = ({ nodes }: Topology): readonly SourceNode[] =>
  nodes.filter((node) => node.kind === 'source')

/** Output topics that the user named; internal topics are not among them. */
export const sinkTopicsOf = ({ nodes }: Topology): readonly string[] => [
  ...new Set(nodes.flatMap((node) => (node.kind === 'sink' ? [node.topic] : []))),
]

/** Freezes the nodes; the builders have checked them. */
export const topologyOf = (nodes: readonly TopologyNode[]): Topology =>
  Object.freeze({ nodes: Object.freeze(nodes.map((node) => Object.freeze(node))) })
