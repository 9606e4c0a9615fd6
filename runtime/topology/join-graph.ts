import type { JoinType, StreamJoinNode, TableJoinNode, ValueJoiner } from './join-nodes.ts'
import type { JoinWindow } from './join-window.ts'
import type { MergeNode, RecordFunction, TopologyNode } from './nodes.ts'

/** The nodes of joins, for both front-ends. */

/** The records of one side, as they come to the join. */
export interface JoinInput {
  readonly tail: string
  /** The key to join by, where it is not the one they have. */
  readonly on?: { readonly label: string; readonly selector: RecordFunction<unknown> }
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
  const { name, label, left, right, type, window, joiner } = join
  const keepsNullKeys = type !== 'Inner'
  const isMoved = (side: JoinInput) => side.on !== undefined || side.isKeyChanged
  // Both in the format of the side that stays where it is; text where both move.
  const lefts = placed(left, {
    name: `${name}.left`,
    stem: `${name}-left`,
    keepsNullKeys,
    ...(isMoved(right) ? {} : { keysLike: right.tail }),
  })
  const rights = placed(right, {
    name: `${name}.right`,
    stem: `${name}-right`,
    keepsNullKeys,
    ...(isMoved(left) ? {} : { keysLike: left.tail }),
  })
  const common = {
    kind: 'stream-join',
    label: `${type}, ${label}`,
    type,
    window,
    joiner,
    ...(type === 'Inner' ? {} : { unmatched: `${name}.unmatched` }),
  } as const
  const side = (at: 'left' | 'right', parent: string): StreamJoinNode => ({
    ...common,
    name: `${name}.${at}`,
    parent,
    side: at,
    reads: [`${name}.${at === 'left' ? 'right' : 'left'}`],
  })
  const merge: MergeNode = {
    kind: 'merge',
    name,
    label: '',
    parents: [`${name}.left`, `${name}.right`],
  }
  return [
    ...lefts.nodes,
    ...rights.nodes,
    side('left', lefts.tail),
    side('right', rights.tail),
    merge,
  ]
}

export interface TableJoin extends Join {
  readonly type: TableJoinNode['type']
  readonly table: string
}

export function tableJoinNodes(join: TableJoin): readonly TopologyNode[] {
  const { name, label, left, type, joiner, table } = join
  const keepsNullKeys = type === 'Left'
  const lefts = placed(left, { name, stem: name, keepsNullKeys, keysLike: table })
  const node: TableJoinNode = {
    kind: 'table-join',
    name,
    parent: lefts.tail,
    label: `${type}, ${label}`,
    type,
    joiner,
    reads: [table],
  }
  return [...lefts.nodes, node]
}

/** Brings records to where their key is looked for. */
function placed(
  { tail, on, isKeyChanged }: JoinInput,
  {
    name,
    ...repartition
  }: {
    readonly name: string
    readonly stem: string
    readonly keepsNullKeys: boolean
    readonly keysLike?: string
  },
): { readonly nodes: readonly TopologyNode[]; readonly tail: string } {
  if (on === undefined && !isKeyChanged) return { nodes: [], tail }
  const select: readonly TopologyNode[] =
    on === undefined ? [] : [{ kind: 'select-key', name: `${name}.key`, parent: tail, ...on }]
  const moved: TopologyNode = {
    kind: 'repartition',
    name: `${name}.repartition`,
    parent: select[0]?.name ?? tail,
    label: '',
    ...repartition,
  }
  return { nodes: [...select, moved], tail: moved.name }
}
