import type { TopologyNode } from './nodes.ts'
import type { StoreDeclaration } from './store-spec.ts'
import type { WindowAggregate } from './window-nodes.ts'

const windows = (node: WindowAggregate, changesMs: number): StoreDeclaration => ({
  ...{ kind: 'window', name: node.name, format: 'Json', retainDuplicates: false },
  retentionMs: retentionOf(node, changesMs),
})

/** What is emitted as it closes has to be there then. */
const retentionOf = ({ graceMs, emit }: WindowAggregate, changesMs: number): number =>
  changesMs + graceMs + Number(emit === 'OnClose')

/** What each kind of node keeps; kinds that are not here keep nothing. */
const declarations: {
  readonly [K in TopologyNode['kind']]?: (
    node: Extract<TopologyNode, { kind: K }>,
  ) => readonly StoreDeclaration[]
} = {
  aggregate: ({ name }) => [{ kind: 'key-value', name, format: 'Json' }],
  'window-aggregate': (node) => [windows(node, node.sizeMs)],
  'sliding-aggregate': (node) => [windows(node, 2 * node.sizeMs)],
  'session-aggregate': (node) => [
    {
      kind: 'session',
      name: node.name,
      format: 'Json',
      retentionMs: retentionOf(node, node.gapMs),
    },
  ],
  suppress: ({ name, maxBytes }) => [
    { kind: 'buffer', name, format: 'Json', countsBytes: maxBytes !== undefined },
  ],
}

/** The stores that a node has, each by the node's name or `<node>.<part>`. */
export const storesOf = (node: TopologyNode): readonly StoreDeclaration[] =>
  declarations[node.kind]?.(node as never) ?? []

/** Nodes whose stores a node reads beside its own: all of them run in one task. */
export const sharedStoresOf = (node: TopologyNode): readonly string[] =>
  'reads' in node ? (node.reads as readonly string[]) : []
