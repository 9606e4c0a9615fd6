import type { TopologyNode } from './nodes.ts'
import { lineageOf } from './topology.ts'

export const CHANGES_KEY: ReadonlySet<string> = new Set<TopologyNode['kind']>([
  'select-key',
  'map',
  'map-async',
  'flat-map',
  'process',
  'table-group',
])
const PLACES_BY_KEY: ReadonlySet<string> = new Set(['input', 'source', 'repartition'])

/**
 * True when a key was chosen since the records were last placed by their key (at a source or a repartition): equal keys
 * may then sit in different partitions. Of merged streams one is enough.
 */
export function keyChanged(nodes: Parameters<typeof lineageOf>[0], from: string): boolean {
  const lineage = lineageOf(nodes, from, ({ kind }) => PLACES_BY_KEY.has(kind))
  return nodes.some(({ kind, name }) => CHANGES_KEY.has(kind) && lineage.has(name))
}
