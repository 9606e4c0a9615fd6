import type { RecordFormat } from '../config.ts'
import type { RepartitionNode, TopologyNode } from './nodes.ts'
import { CHANGES_KEY } from './repartitioning.ts'
import { lineageOf, type Topology } from './topology.ts'

/** How records are written. */
export interface RecordFormats {
  readonly format: RecordFormat
  readonly keyFormat: RecordFormat
}

const CHANGES_VALUE: ReadonlySet<string> = new Set<TopologyNode['kind']>([
  'map',
  'map-values',
  'map-async',
  'map-values-async',
  'flat-map',
  'flat-map-values',
  'project',
  'aggregate',
  'table-map-values',
  'table-aggregate',
  'table-table-join',
  'foreign-key-resolve',
  'global-join',
])

/** How records lie in the repartition topic of a node: as `formatsAt` has it, of keys and of values. */
export const repartitionFormats = (
  { name, keysLike = name, valuesLike = name }: RepartitionNode,
  topology: Topology,
): RecordFormats => ({
  format: formatsAt(valuesLike, topology).format,
  keyFormat: formatsAt(keysLike, topology).keyFormat,
})

/**
 * How the job would write the records of a node for itself: what nothing has changed since it was read goes on in its own
 * bytes; a value that the job made is JSON, a key that it chose is text.
 *
 * Where streams of several formats are merged, JSON and text are what all can be turned into, each record from the format
 * it came in: bytes of several formats in one topic could not be told apart, and equal keys would not meet.
 */
export const formatsAt = (node: string, { nodes }: Topology): RecordFormats => ({
  format: formatAt(node, nodes.map(alongValues), {
    field: 'format',
    changes: CHANGES_VALUE,
    made: 'Json',
  }),
  keyFormat: formatAt(node, nodes.map(alongKeys), {
    field: 'keyFormat',
    changes: CHANGES_KEY,
    made: 'String',
  }),
})

/** Keys and values of a repartition topic may come from different sides. */
const alongKeys = (node: TopologyNode): TopologyNode =>
  node.kind === 'repartition' ? { ...node, parent: node.keysLike ?? node.parent } : node

const alongValues = (node: TopologyNode): TopologyNode =>
  node.kind === 'repartition' ? { ...node, parent: node.valuesLike ?? node.parent } : node

function formatAt(
  name: string,
  nodes: readonly TopologyNode[],
  part: {
    readonly field: keyof RecordFormats
    readonly changes: ReadonlySet<string>
    readonly made: RecordFormat
  },
): RecordFormat {
  const isOrigin = ({ kind }: TopologyNode) => kind === 'source' || part.changes.has(kind)
  const lineage = lineageOf(nodes, name, isOrigin)
  const origins = nodes.filter((node) => lineage.has(node.name) && isOrigin(node))
  const formats = origins.map((node) => (node.kind === 'source' ? node[part.field] : part.made))
  const [only = part.made, ...others] = new Set(formats)
  return others.length === 0 ? only : part.made
}
