import { InvalidJob } from '../errors.ts'
import { storesOf } from './stores.ts'
import type { SubTopology, SubTopologySource } from './sub-topologies.ts'
import { lineageOf } from './topology.ts'

/**
 * A store holds the keys of one partition number. Records merged from topics of different partition counts have equal
 * keys under different numbers, so an aggregate of them would keep a key twice. Throws `InvalidJob`.
 */
export function requireCoPartitioned(
  subTopologies: readonly SubTopology[],
  partitionsOf: (source: SubTopologySource) => number,
): void {
  const problems = subTopologies.flatMap((subTopology) =>
    subTopology.nodes.flatMap((node) => {
      if (storesOf(node).length === 0) return []
      const { name } = node
      // A topic that is gone has no partitions; that is not for us to say.
      const sources = sourcesAbove(subTopology, name).filter((source) => partitionsOf(source) > 0)
      if (new Set(sources.map(partitionsOf)).size <= 1) return []
      const counts = sources.map((source) => `${source.topic} (${partitionsOf(source)})`)
      const message =
        `keeps state by key of what was merged from topics of different partition counts: ${counts.join(', ')}; equal keys would be ` +
        'kept apart. Put a step with `repartition: {}` between the merge and it'
      return [{ path: `"${name}"`, message }]
    }),
  )
  if (problems.length > 0) throw new InvalidJob(problems)
}

function sourcesAbove({ nodes, sources }: SubTopology, start: string): SubTopologySource[] {
  const above = lineageOf(nodes, start, ({ kind }) => kind === 'repartition')
  return sources.filter(({ node }) => above.has(node))
}
