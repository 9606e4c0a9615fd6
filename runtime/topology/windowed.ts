import type { WindowKeys } from '../serde/window-key.ts'
import type { TopologyNode } from './nodes.ts'
import { CHANGES_KEY } from './repartitioning.ts'
import { lineageOf } from './topology.ts'
import { isWindowAggregate, type WindowAggregate } from './window-nodes.ts'

/** A node of either front-end, as far as windows go. */
type Nodes = readonly (TopologyNode | { readonly kind: 'input'; readonly name: string })[]

/** Records behind these are of no window: they have another key, or an aggregate of their own. */
const ENDS_WINDOW: ReadonlySet<string> = new Set([
  ...['source', 'input', 'aggregate', 'table-group', 'global-table'],
  ...CHANGES_KEY,
])

/** How windows are written in the keys of what comes from a node; undefined if it is of none, or of several kinds. */
export function windowKeysAt(nodes: Nodes, from: string): WindowKeys | undefined {
  const keys = (windowAggregatesAt(nodes, from) ?? []).map(keysOf)
  const kinds = new Set(keys.map((key) => (key.kind === 'time' ? key.sizeMs : key.kind)))
  return kinds.size === 1 ? keys[0] : undefined
}

/** For keys that are to be written with their window. Throws what to write instead. */
export function requireWindowKeys(nodes: Nodes, from: string): WindowKeys {
  const keys = windowKeysAt(nodes, from)
  if (keys !== undefined) return keys
  throw new TypeError(
    `the records of "${from}" are not all of windows of one kind: leave windowedKey out, or take them from an aggregate with a window`,
  )
}

/** The aggregates whose windows the records that come from a node are of; undefined if some are of none. */
export function windowAggregatesAt(
  nodes: Nodes,
  from: string,
): readonly WindowAggregate[] | undefined {
  const lineage = lineageOf(nodes, from, isOrigin)
  const origins = nodes.filter((node) => lineage.has(node.name) && isOrigin(node))
  const aggregates = origins.flatMap((origin) => {
    // What came too late names the window that it missed.
    const name = origin.kind === 'late' ? origin.of : origin.name
    return nodes.filter((node) => node.name === name).filter(isWindowAggregate)
  })
  return aggregates.length === origins.length ? aggregates : undefined
}

const isOrigin = ({ kind }: { readonly kind: string }): boolean =>
  kind === 'late' || isWindowAggregate({ kind }) || ENDS_WINDOW.has(kind)

const keysOf = (node: WindowAggregate): WindowKeys =>
  node.kind === 'session-aggregate' ? { kind: 'session' } : { kind: 'time', sizeMs: node.sizeMs }
