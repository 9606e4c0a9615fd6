import { keyFormatAt, type RecordFormats } from '../topology/repartition-formats.ts'
import { storesOf } from '../topology/stores.ts'
import { globalTablesIn, type SubTopology } from '../topology/sub-topologies.ts'
import { type Topology, topicsWrittenBy } from '../topology/topology.ts'

/** How records lie in each topic that a job reads or writes, its changelogs aside. */
export function formatsByTopic(
  { nodes }: Topology,
  subTopologies: readonly SubTopology[],
): ReadonlyMap<string, RecordFormats> {
  const written = nodes.flatMap((node) =>
    node.kind === 'sink' || node.kind === 'dynamic-sink'
      ? topicsWrittenBy(node).map((topic) => [topic, node] as const)
      : [],
  )
  const read = subTopologies.flatMap((subTopology) =>
    [...subTopology.sources, ...globalTablesIn([subTopology])].map(
      (source) => [source.topic, source] as const,
    ),
  )
  return new Map<string, RecordFormats>([...written, ...read])
}

/** How the keys of a store are written: as it says, or as a repartition at its node would write them. */
export function keyFormatOf(store: string, topology: Topology): RecordFormats['keyFormat'] {
  for (const node of topology.nodes) {
    const spec = storesOf(node, () => 'Json').find(({ name }) => name === store)
    if (spec !== undefined) return spec.keyFormat ?? keyFormatAt(node.name, topology)
  }
  return 'String'
}
