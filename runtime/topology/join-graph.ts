import type { JoinType, StreamJoinNode, TableJoinNode, ValueJoiner } from './join-nodes.ts'
import type { JoinWindow } from './join-window.ts'
import type { MergeNode, RecordFunction, TopologyNode } from './nodes.ts'
import { type JoinSide, otherOf } from './store-spec.ts'

/** The nodes of joins, for both front-ends. */

/** The records of one side, as they come to the join. */
export interface JoinInput {
  readonly tail: string
  /** The key to join by, where it is not the one they have. */
  readonly by?: { readonly label: string; readonly selector: RecordFunction<unknown> }
  /** They have got another key since they were last placed by it. */
  readonly isKeyChanged: boolean
}

/** What the nodes of one join have in common. */
interface Join {
  readonly name: string
  readonly label: string
  readonly left: JoinInput
  readonly joiner: ValueJoiner
}

export interface StreamJoin extends Join {
  readonly right: JoinInput
  readonly type: JoinType
  readonly window: JoinWindow
}

/** A side a stream, and `name`, where their results come together. */
export function streamJoinNodes(join: StreamJoin): readonly TopologyNode[] {
  const { name } = join
  const sides = (['left', 'right'] as const).map((side) => ({ side, ...placedSide(join, side) }))
  const merge: MergeNode = {
    kind: 'merge',
    name,
    label: '',
    parents: [`${name}.left`, `${name}.right`],
  }
  return [
    ...sides.flatMap(({ nodes }) => nodes),
    ...sides.map(({ side, tail }) => sideNode(join, side, tail)),
    merge,
  ]
}

/** In the key format of the side that stays where it is; as text where both move. */
function placedSide(join: StreamJoin, side: JoinSide): Placed {
  const { name } = join
  const other = join[otherOf(side)]
  const isOtherMoved = other.by !== undefined || other.isKeyChanged
  return placed(join[side], {
    name: `${name}.${side}`,
    stem: `${name}-${side}`,
    ...(isOtherMoved ? {} : { keysLike: other.tail }),
  })
}

function sideNode(join: StreamJoin, side: JoinSide, parent: string): StreamJoinNode {
  const { name, label, type, window, joiner } = join
  return {
    kind: 'stream-join',
    name: `${name}.${side}`,
    parent,
    label: `${type}, ${label}`,
    side,
    type,
    window,
    joiner,
    reads: [`${name}.${otherOf(side)}`],
    ...(type === 'Inner' ? {} : { unmatched: `${name}.unmatched` }),
  }
}

export interface TableJoin extends Join {
  readonly type: TableJoinNode['type']
  readonly table: string
  readonly graceMs?: number
}

export function tableJoinNodes(join: TableJoin): readonly TopologyNode[] {
  const { name, label, left, type, joiner, table, graceMs } = join
  const lefts = placed(left, { name, stem: name, keysLike: table })
  const node: TableJoinNode = {
    kind: 'table-join',
    name,
    parent: lefts.tail,
    label: `${type}, ${label}`,
    type,
    joiner,
    reads: [table],
    ...(graceMs === undefined ? {} : { graceMs }),
  }
  return [...lefts.nodes, node]
}

interface Placed {
  readonly nodes: readonly TopologyNode[]
  readonly tail: string
}

/** Brings records to where their key is looked for. */
function placed(
  { tail, by, isKeyChanged }: JoinInput,
  {
    name,
    ...repartition
  }: {
    readonly name: string
    readonly stem: string
    readonly keysLike?: string
  },
): Placed {
  if (by === undefined && !isKeyChanged) return { nodes: [], tail }
  const select: readonly TopologyNode[] =
    by === undefined ? [] : [{ kind: 'select-key', name: `${name}.key`, parent: tail, ...by }]
  const moved: TopologyNode = {
    kind: 'repartition',
    name: `${name}.repartition`,
    parent: select[0]?.name ?? tail,
    label: '',
    ...repartition,
  }
  return { nodes: [...select, moved], tail: moved.name }
}
