import type { TopologyNode } from './nodes.ts'

/** The store of a table, and what one sees of its values. */
export interface TableStore {
  readonly table: string
  readonly rowOf: (stored: unknown) => unknown
}

/** Where a node keeps its table; undefined if what it hands on is a stream. */
export function tableStoreOf(
  nodes: readonly (TopologyNode | { readonly kind: 'input'; readonly name: string })[],
  name: string,
): TableStore | undefined {
  const node = nodes.find((candidate) => candidate.name === name)
  return node?.kind === 'aggregate' ? { table: name, rowOf: node.result } : undefined
}
