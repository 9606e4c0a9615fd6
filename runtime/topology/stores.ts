import type { RecordFormat } from '../config.ts'
import type { TopologyNode } from './nodes.ts'
import type { StoreDeclaration } from './store-spec.ts'

/** The format of the values that come to a node. */
export type FormatInto = (node: string) => RecordFormat

type Declare<K extends TopologyNode['kind']> = (
  node: Extract<TopologyNode, { kind: K }>,
  formatInto: FormatInto,
) => readonly StoreDeclaration[]

/** What each kind of node keeps; kinds that are not here keep nothing. */
const declarations: { readonly [K in TopologyNode['kind']]?: Declare<K> } = {
  aggregate: ({ name }) => [{ kind: 'key-value', name, format: 'Json' }],
  'to-table': ({ name }, formatInto) => [{ kind: 'key-value', name, format: formatInto(name) }],
  'table-aggregate': ({ name }) => [{ kind: 'key-value', name, format: 'Json' }],
  'foreign-key-subscriptions': ({ name }) => [{ kind: 'key-value', name, format: 'Bytes' }],
}

/** The stores that a node has, each by the node's name or `<node>.<part>`. */
export const storesOf = (node: TopologyNode, formatInto: FormatInto): readonly StoreDeclaration[] =>
  declarations[node.kind]?.(node as never, formatInto) ?? []

/** Nodes whose stores a node reads beside its own: all of them run in one task. */
export const sharedStoresOf = (node: TopologyNode): readonly string[] =>
  'reads' in node ? node.reads : []
