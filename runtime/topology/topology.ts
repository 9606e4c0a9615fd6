import type { TopologyNode } from './nodes.ts'

/** A job as data: its nodes, in the order the user wrote them, parents before children. Frozen. */
export interface Topology {
  readonly nodes: readonly TopologyNode[]
}

/** A node as far as the shape of the graph goes. */
interface Vertex {
  readonly kind: string
  readonly name: string
  readonly parent?: string
  readonly parents?: readonly string[]
}

/** None for a source, several for a merge. */
export const parentsOf = ({ parent, parents }: Vertex): readonly string[] =>
  parents ?? (parent === undefined ? [] : [parent])

/** The node and all above it, up to those that `isRoot` is true for. */
export function lineageOf<N extends Vertex>(
  nodes: readonly N[],
  start: string,
  isRoot: (node: N) => boolean = () => false,
): ReadonlySet<string> {
  const lineage = new Set([start])
  for (const name of lineage) {
    const node = nodes.find((candidate) => candidate.name === name)
    if (node === undefined || isRoot(node)) continue
    for (const parent of parentsOf(node)) lineage.add(parent)
  }
  return lineage
}

/** Topics that the user named as inputs. */
export const sourceTopicsOf = ({ nodes }: Topology): readonly string[] =>
  nodes.flatMap((node) =>
    node.kind === 'source' || node.kind === 'global-table' ? [node.topic] : [],
  )

export function topicsWrittenBy(node: TopologyNode): readonly string[] {
  if (node.kind === 'sink') return [node.topic]
  return node.kind === 'dynamic-sink' ? node.topics : []
}

/** Output topics that the user named; internal topics are not among them. */
export const sinkTopicsOf = ({ nodes }: Topology): readonly string[] => [
  ...new Set(nodes.flatMap(topicsWrittenBy)),
]

/** Freezes the nodes; the builders have checked them. */
export const topologyOf = (nodes: readonly TopologyNode[]): Topology =>
  Object.freeze({ nodes: Object.freeze(nodes.map((node) => Object.freeze(node))) })
