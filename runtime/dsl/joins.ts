import { streamJoinNodes, tableJoinNodes } from '../topology/join-graph.ts'
import type { JoinType, ValueJoiner } from '../topology/join-nodes.ts'
import { type JoinWithin, joinWindowOf, joinWithinText } from '../topology/join-window.ts'
import type { TopologyNode } from '../topology/nodes.ts'
import { keyChanged } from '../topology/repartitioning.ts'
import type { JobNode } from './job.ts'
import { written } from './written.ts'

/** A new value of what has met. */
export type Joiner<V, W, R> = (left: V, right: W, key: string | null) => R

interface Join {
  readonly type: JoinType
  readonly name: string
  /** Of both sides, and which of them the sides are. */
  readonly nodes: readonly JobNode[]
  readonly left: string
  readonly right: string
  readonly joiner: ValueJoiner
}

/** Throws what is wrong with the times. */
export function joinedStreams(
  { type, name, nodes, left, right, joiner }: Join,
  within: JoinWithin | undefined,
): readonly TopologyNode[] {
  const side = (tail: string) => ({ tail, isKeyChanged: keyChanged(nodes, tail) })
  return streamJoinNodes({
    name,
    type,
    joiner,
    label: joinWithinText(within ?? {}),
    left: side(left),
    right: side(right),
    window: windowOf(name, within),
  }).map(written)
}

export function joinedTable({
  type,
  name,
  nodes,
  left,
  right,
  joiner,
}: Join): readonly TopologyNode[] {
  if (type === 'Outer')
    throw new Error(`step "${name}": a stream meets a table by join or leftJoin`)
  return tableJoinNodes({
    name,
    type,
    joiner,
    label: right,
    left: { tail: left, isKeyChanged: keyChanged(nodes, left) },
    table: right,
  }).map(written)
}

function windowOf(name: string, within: JoinWithin | undefined) {
  try {
    return joinWindowOf(within ?? {})
  } catch (error) {
    throw new Error(`step "${name}": ${(error as Error).message}`, { cause: error })
  }
}
