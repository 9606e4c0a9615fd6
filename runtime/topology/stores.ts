import type { TopologyNode } from './nodes.ts'
import { storesOfProcess } from './process-node.ts'
import type { StoreDeclaration } from './store-spec.ts'

/** What each kind of node keeps; kinds that are not here keep nothing. */
const declarations: {
  readonly [K in TopologyNode['kind']]?: (
    node: Extract<TopologyNode, { kind: K }>,
  ) => readonly StoreDeclaration[]
} = {
  aggregate: ({ name, fields: numbers }) => [
    { kind: 'key-value', name, format: 'Json', ...(numbers === undefined ? {} : { numbers }) },
  ],
  process: storesOfProcess,
}

/** The stores that a node has, each by the node's name or `<node>.<part>`. */
export const storesOf = (node: TopologyNode): readonly StoreDeclaration[] =>
  declarations[node.kind]?.(node as never) ?? []

/** Nodes whose stores a node reads beside its own: all of them run in one task. */
export const sharedStoresOf = (node: TopologyNode): readonly string[] =>
  'reads' in node ? (node.reads as readonly string[]) : []
