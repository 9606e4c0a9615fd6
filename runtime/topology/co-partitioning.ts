import { InvalidJob } from '../errors.ts'
import type { SubTopology, SubTopologySource } from './sub-topologies.ts'
import { sharedStoresOf } from './stores.ts'
import { lineageOf } from './topology.ts'

/** The sources of records whose equal keys a node wants to find under equal partition numbers. */
interface KeyedSources {
  readonly node: string
  /** Whether the node brings records of several nodes together, rather than those that were merged before it. */
  readonly joins: boolean
  readonly sources: readonly SubTopologySource[]
}

/**
 * A store holds the keys of one partition number. Records of topics of different partition counts have equal keys under
 * different numbers: an aggregate of them would keep a key twice, a join would never find it. Throws `InvalidJob`.
 */
export function requireCoPartitioned(
  subTopologies: readonly SubTopology[],
  partitionsOf: (source: SubTopologySource) => number,
): void {
  const problems = subTopologies.flatMap(keyedSources).flatMap(({ node, joins, sources }) => {
    // A topic that is gone has no partitions; that is not for us to say.
    const known = sources.filter((source) => partitionsOf(source) > 0)
    if (new Set(known.map(partitionsOf)).size <= 1) return []
    const counts = known.map((source) => `${source.topic} (${partitionsOf(source)})`).join(', ')
    const most = Math.max(...known.map(partitionsOf))
    const message = joins ? apart(counts, most) : merged(counts)
    return [{ path: `"${joins ? stepOf(node) : node}"`, message }]
  })
  const once = problems.filter(
    ({ path }, index) => problems.findIndex((problem) => problem.path === path) === index,
  )
  if (once.length > 0) throw new InvalidJob(once)
}

const merged = (counts: string): string =>
  `groups what was merged from topics of different partition counts: ${counts}; equal keys would be ` +
  'counted apart. Put a step with `repartition: {}` between the merge and it'

const apart = (counts: string, most: number): string =>
  `joins topics of different partition counts: ${counts}; equal keys would not meet. Put a step with ` +
  ``repartition: {partitions: ${most}}` between the smaller topic and the join`

/** The two sides of a join are nodes of their own, `<step>.<side>`. */
const stepOf = (node: string): string => node.replace(/\.[^.]*$/, '')

/** Source → all that must have as many partitions as it. */
export function coPartitioned(
  subTopologies: readonly SubTopology[],
): ReadonlyMap<SubTopologySource, readonly SubTopologySource[]> {
  const groups = new Map<SubTopologySource, readonly SubTopologySource[]>()
  for (const { sources } of subTopologies.flatMap(keyedSources)) {
    const group = [...new Set(sources.flatMap((source) => groups.get(source) ?? [source]))]
    for (const source of group) groups.set(source, group)
  }
  return groups
}

function keyedSources(subTopology: SubTopology): readonly KeyedSources[] {
  const { nodes, stores } = subTopology
  const keepers = new Set(stores.map(({ node }) => node))
  return nodes
    .map((node) => ({ node: node.name, shared: sharedStoresOf(node) }))
    .filter(({ node, shared }) => keepers.has(node) || shared.length > 0)
    .map(({ node, shared }) => ({
      node,
      joins: shared.length > 0,
      sources: [...new Set([node, ...shared].flatMap((name) => sourcesAbove(subTopology, name)))],
    }))
}

function sourcesAbove({ nodes, sources }: SubTopology, start: string): SubTopologySource[] {
  const above = lineageOf(nodes, start, ({ kind }) => kind === 'repartition')
  return sources.filter(({ node }) => above.has(node))
}
