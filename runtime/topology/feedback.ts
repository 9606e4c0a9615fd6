import type { Problem } from '../errors.ts'
import { lineageOf, type Topology, topicsWrittenBy } from './topology.ts'

/** A job may read a topic that it writes, unless what it reads there comes back to it: that would never end. */
export function feedbackProblems({ nodes }: Topology, path: string): readonly Problem[] {
  const writes = nodes.flatMap((node) => {
    const topics = topicsWrittenBy(node)
    if (topics.length === 0) return []
    const lineage = lineageOf(nodes, node.name)
    const reads = nodes.flatMap((from) =>
      from.kind === 'source' && lineage.has(from.name) ? [from.topic] : [],
    )
    return topics.flatMap((topic) => reads.map((read) => [read, topic] as const))
  })
  const loop = loopIn(writes)
  if (loop === undefined) return []
  const message = `the job would feed itself without end: ${loop.join(' → ')}; write to another topic`
  return [{ path, message }]
}

type Edge = readonly [from: string, to: string]

function loopIn(edges: readonly Edge[]): readonly string[] | undefined {
  for (const [start] of edges) {
    const loop = wayBack(start, edges)
    if (loop !== undefined) return loop
  }
  return undefined
}

/** The shortest way along the edges that ends where it began. */
function wayBack(start: string, edges: readonly Edge[]): readonly string[] | undefined {
  const ways = new Map([[start, [start]]])
  for (const [at, way] of ways) {
    const next = edges.filter(([from]) => from === at).map(([, to]) => to)
    if (next.includes(start)) return [...way, start]
    for (const to of next) if (!ways.has(to)) ways.set(to, [...way, to])
  }
  return undefined
}
