import type { RecordFormat } from '../config.ts'
import type { WindowKeys } from '../serde/window-key.ts'
import type { RepartitionNode, SourceNode, TopologyNode } from './nodes.ts'
import { CHANGES_KEY } from './repartitioning.ts'
import { lineageOf, parentsOf, type Topology } from './topology.ts'

/** How records are written. */
export interface RecordFormats {
  /** What windows the keys end with, if they do. */
  readonly windows?: WindowKeys
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
  'window-aggregate',
  'sliding-aggregate',
  'session-aggregate',
  'process',
  'stream-join',
  'table-join',
  'burst',
  'table-map-values',
  'table-aggregate',
  'table-table-join',
  'foreign-key-resolve',
  'global-join',
])

/**
 * How records lie in the repartition topic of a node: what nothing has changed since it was read goes on in its own bytes;
 * a value that the job made is JSON, a key that it chose is text.
 *
 * Where streams of several formats are merged, JSON and text are what all can be turned into, each record from the format
 * it came in: bytes of several formats in one topic could not be told apart, and equal keys would not meet.
 */
export const repartitionFormats = (
  { name, valuesLike = name }: RepartitionNode,
  topology: Topology,
): RecordFormats => ({
  format: formatAt([valuesLike], topology, values),
  keyFormat: keyFormatAt(name, topology),
})

/** The format of the values that come to a node. */
export const valueFormatInto = (node: string, topology: Topology): RecordFormat =>
  formatAt(parentsIn(topology, node), topology, values)

/** The format of the keys that a node hands on. */
export const keyFormatAt = (node: string, topology: Topology): RecordFormat =>
  formatAt([node], topology, keys)

/** Which nodes decide of a part of a record, and what they make of it; a source has it as it came. */
interface Part {
  readonly of: (source: SourceNode) => RecordFormat
  readonly made: RecordFormat
  readonly isMadeAt: (node: TopologyNode) => boolean
}

const values: Part = {
  of: ({ format }) => format,
  made: 'Json',
  isMadeAt: ({ kind }) => CHANGES_VALUE.has(kind),
}

const keys: Part = {
  of: ({ keyFormat }) => keyFormat,
  made: 'String',
  isMadeAt: (node) => CHANGES_KEY.has(node.kind) || keysLikeOf(node) !== undefined,
}

function formatAt(starts: readonly string[], topology: Topology, part: Part): RecordFormat {
  const { nodes } = topology
  const isOrigin = (node: TopologyNode) => node.kind === 'source' || part.isMadeAt(node)
  const lineages = starts.map((start) => lineageOf(nodes, start, isOrigin))
  const origins = nodes.filter(
    (node) => isOrigin(node) && lineages.some((lineage) => lineage.has(node.name)),
  )
  const [only = part.made, ...others] = new Set(origins.map(formatOf))
  return others.length === 0 ? only : part.made

  function formatOf(node: TopologyNode): RecordFormat {
    if (node.kind === 'source') return part.of(node)
    const like = part === keys ? keysLikeOf(node) : undefined
    return like === undefined ? part.made : keyFormatAt(like, topology)
  }
}

const keysLikeOf = (node: TopologyNode): string | undefined =>
  node.kind === 'repartition' ? node.keysLike : undefined

function parentsIn({ nodes }: Topology, name: string): readonly string[] {
  const node = nodes.find((candidate) => candidate.name === name)
  return node === undefined ? [] : parentsOf(node)
}
