import type { MergeNode } from './nodes.ts'
import type { TableTableJoinNode } from './table-nodes.ts'

/** Of which sides a row must be there for a row to come of it: of both, of the left, or of either. */
export type TableJoinType = 'Inner' | 'Left' | 'Outer'

export interface TableTableJoin {
  /** The user's, of the table that comes of it. */
  readonly name: string
  readonly label: string
  readonly left: string
  readonly right: string
  readonly type: TableJoinType
  /** A row that is not there is null. */
  readonly joiner: (left: unknown, right: unknown) => unknown
}

/** The nodes of a join of two tables by their keys: one a side, and the table that comes of both. */
export function tableTableJoinNodes(
  join: TableTableJoin,
): readonly [TableTableJoinNode, TableTableJoinNode, MergeNode] {
  const { name, label, left, right, type, joiner } = join
  const needs = { left: type !== 'Outer', right: type === 'Inner' }
  return [
    {
      kind: 'table-table-join',
      name: `${name}.left`,
      parent: left,
      label,
      side: 'left',
      reads: [right],
      needsOwn: needs.left,
      needsOther: needs.right,
      joiner,
    },
    {
      kind: 'table-table-join',
      name: `${name}.right`,
      parent: right,
      label,
      side: 'right',
      reads: [left],
      needsOwn: needs.right,
      needsOther: needs.left,
      joiner: (own, other) => joiner(other, own),
    },
    { kind: 'merge', name, parents: [`${name}.left`, `${name}.right`], label: '' },
  ]
}
