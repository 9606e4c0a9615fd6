import { parentsOf } from './topology.ts'

type Placed = Parameters<typeof parentsOf>[0] & { readonly name: string }

const CHANGES_KEY: ReadonlySet<string> = new Set(['select-key', 'map', 'flat-map'])
const PLACES_BY_KEY: ReadonlySet<string> = new Set(['input', 'source', 'repartition'])

/**
 * True when a key was chosen since the records were last placed by their key (at a source or a repartition): equal keys
 * may then sit in different partitions. Of merged streams one is enough.
 */
export function keyChanged(nodes: readonly Placed[], from: string): boolean {
  const node = nodes.find(({ name }) => name === from)
  if (node === undefined || PLACES_BY_KEY.has(node.kind)) return false
  if (CHANGES_KEY.has(node.kind)) return true
  return parentsOf(node).some((parent) => keyChanged(nodes, parent))
}
