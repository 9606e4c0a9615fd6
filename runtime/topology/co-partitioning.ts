import { InvalidJob } from '../errors.ts'
import { sharedStoresOf, storesOf } from './stores.ts'
import type { SubTopology, SubTopologySource } from './sub-topologies.ts'
import { lineageOf } from './topology.ts'

/**
 * Topics whose equal keys must lie under equal partition numbers, because one store holds them or because they are looked
 * for in each other's. What they share a topic with is of the same group.
 */
export interface CoPartitionGroup {
  /** The node that wants it, by the user's name, and how it says so. */
  readonly node: string
  readonly isJoin: boolean
  readonly sources: readonly SubTopologySource[]
}

export function coPartitionGroups(subTopology: SubTopology): readonly CoPartitionGroup[] {
  return subTopology.nodes.flatMap(groupAt).reduce<readonly CoPartitionGroup[]>(united, [])

  function groupAt(node: SubTopology['nodes'][number]): CoPartitionGroup[] {
    const read = sharedStoresOf(node)
    if (read.length === 0 && storesOf(node, () => 'Json').length === 0) return []
    const sources = [node.name, ...read].flatMap((name) => sourcesAbove(subTopology, name))
    const name = 'side' in node ? node.name.slice(0, -(node.side.length + 1)) : node.name
    return [{ node: name, isJoin: read.length > 0, sources: [...new Set(sources)] }]
  }
}

function united(
  groups: readonly CoPartitionGroup[],
  group: CoPartitionGroup,
): readonly CoPartitionGroup[] {
  const isShared = ({ sources }: CoPartitionGroup) =>
    sources.some((source) => group.sources.includes(source))
  const shared = [...groups.filter(isShared), group]
  const [first = group] = shared.toSorted((a, b) => Number(b.isJoin) - Number(a.isJoin))
  const sources = [...new Set(shared.flatMap((one) => one.sources))]
  return [...groups.filter((one) => !isShared(one)), { ...first, sources }]
}

type PartitionsOf = (source: SubTopologySource) => number

/**
 * How many partitions a repartition topic gets that may have any: as many as the group's other topics, if one of them is the
 * user's or says how many it wants; else as many as the one of the group that would have most.
 */
export function partitionsWithin(
  { sources }: Pick<CoPartitionGroup, 'sources'>,
  {
    given,
    natural,
  }: {
    readonly given: (source: SubTopologySource) => number | undefined
    readonly natural: PartitionsOf
  },
): number {
  const external = sources.filter(({ repartition }) => repartition === undefined)
  const wanted = (of: readonly SubTopologySource[]) =>
    Math.max(0, ...of.map((source) => given(source) ?? 0))
  return wanted(external) || wanted(sources) || Math.max(0, ...sources.map(natural))
}

/** Throws `InvalidJob`. */
export function requireCoPartitioned(
  subTopologies: readonly SubTopology[],
  partitionsOf: PartitionsOf,
): void {
  const problems = subTopologies.flatMap(coPartitionGroups).flatMap((group) => {
    // A topic that is gone has no partitions; that is not for us to say.
    const sources = group.sources.filter((source) => partitionsOf(source) > 0)
    if (new Set(sources.map(partitionsOf)).size <= 1) return []
    const counts = sources.map((source) => `${source.topic} (${partitionsOf(source)})`).join(', ')
    return [{ path: `"${group.node}"`, message: messageOf(group, counts) }]
  })
  if (problems.length > 0) throw new InvalidJob(problems)
}

const messageOf = ({ isJoin }: CoPartitionGroup, counts: string): string =>
  isJoin
    ? `joins topics of different partition counts: ${counts}; equal keys would not meet. Put a step with ` +
      '`repartition: {}` between one of them and the join: it brings the records into as many partitions as the other has'
    : `keeps state by key of what was merged from topics of different partition counts: ${counts}; equal keys would be ` +
      'kept apart. Put a step with `repartition: {}` between the merge and it'

function sourcesAbove({ nodes, sources }: SubTopology, start: string): SubTopologySource[] {
  const above = lineageOf(nodes, start, ({ kind }) => kind === 'repartition')
  return sources.filter(({ node }) => above.has(node))
}
