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
  'process',
])

/**
 * How records lie in the repartition topic of a node: what nothing has changed since it was read goes on in its own bytes;
 * a value that the job made is JSON, a key that it chose is text.
 *
 * Where streams of several formats are merged, JSON and text are what all can be turned into, each record from the format
 * it came in: bytes of several formats in one topic could not be told apart, and equal keys would not meet.
 */
export function repartitionFormats(
  node: Pick<RepartitionNode, 'name'>,
  topology: Topology,
): RecordFormats {
  return {
    format: formatAt(node, topology, { field: 'format', changes: CHANGES_VALUE, made: 'Json' }),
    keyFormat: formatAt(node, topology, {
      field: 'keyFormat',
      changes: CHANGES_KEY,
      made: 'String',
    }),
  }
}

function formatAt(
  { name }: Pick<RepartitionNode, 'name'>,
  { nodes }: Topology,
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
