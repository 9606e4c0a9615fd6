import type { Child, RecordFunction, TopologyNode } from './nodes.ts'

/**
 * A join of two tables by a key that the left one has in its values (KIP-213). Left rows subscribe to the right row of
 * their key, through a topic; it answers each of them, through another, now and whenever it changes.
 */
export type ForeignKeyNode =
  | ForeignKeySubscribeNode
  | ForeignKeySubscriptionsNode
  | ForeignKeyAnswerNode
  | ForeignKeyResolveNode

/** Tells the right row that a left row wants to know it, or does not any more. */
export interface ForeignKeySubscribeNode extends Child {
  readonly kind: 'foreign-key-subscribe'
  readonly foreignKey: RecordFunction<unknown>
  readonly type: 'Inner' | 'Left'
}

/** Keeps who wants to know which right row, in store `name`, and answers them. */
export interface ForeignKeySubscriptionsNode extends Child {
  readonly kind: 'foreign-key-subscriptions'
  /** The right table. */
  readonly reads: readonly [right: string]
}

/** Answers all who have subscribed to a right row when it changes. */
export interface ForeignKeyAnswerNode extends Child {
  readonly kind: 'foreign-key-answer'
  /** The node that keeps the subscriptions. */
  readonly reads: readonly [subscriptions: string]
}

/** Joins the left row with an answer, unless it has changed since it asked. */
export interface ForeignKeyResolveNode extends Child {
  readonly kind: 'foreign-key-resolve'
  /** The left table, and the one that comes of the join. */
  readonly reads: readonly [left: string, result: string]
  readonly type: 'Inner' | 'Left'
  readonly foreignKey: RecordFunction<unknown>
  /** `right` is null where there is none. */
  readonly joiner: (left: unknown, right: unknown) => unknown
}

export interface ForeignKeyJoin {
  /** The user's, of the table that comes of it. */
  readonly name: string
  readonly label: string
  readonly left: string
  readonly right: string
  readonly foreignKey: RecordFunction<unknown>
  readonly type: 'Inner' | 'Left'
  readonly joiner: (left: unknown, right: unknown) => unknown
}

/** The nodes of such a join; the last one, a table, bears its name. */
export const foreignKeyJoinNodes = (join: ForeignKeyJoin): readonly TopologyNode[] => [
  ...leftNodes(join),
  ...rightNodes(join),
  ...resultNodes(join),
]

const leftNodes = ({ name, label, left, right, foreignKey, type }: ForeignKeyJoin) =>
  [
    {
      kind: 'foreign-key-subscribe',
      name: `${name}.subscribe`,
      parent: left,
      label,
      foreignKey,
      type,
    },
    {
      kind: 'repartition',
      name: `${name}.subscription`,
      parent: `${name}.subscribe`,
      label: '',
      stem: name,
      carries: 'subscriptions',
      keysLike: right,
    },
  ] as const

const rightNodes = ({ name, left, right }: ForeignKeyJoin) =>
  [
    {
      kind: 'foreign-key-subscriptions',
      name: `${name}.subscriptions`,
      parent: `${name}.subscription`,
      label: '',
      reads: [right],
    },
    {
      kind: 'foreign-key-answer',
      name: `${name}.answer`,
      parent: right,
      label: '',
      reads: [`${name}.subscriptions`],
    },
    {
      kind: 'merge',
      name: `${name}.answers`,
      parents: [`${name}.subscriptions`, `${name}.answer`],
      label: '',
    },
    {
      kind: 'repartition',
      name: `${name}.response`,
      parent: `${name}.answers`,
      label: '',
      stem: name,
      carries: 'responses',
      keysLike: left,
      valuesLike: right,
    },
  ] as const

const resultNodes = ({ name, left, type, foreignKey, joiner }: ForeignKeyJoin) =>
  [
    {
      kind: 'foreign-key-resolve',
      name: `${name}.resolve`,
      parent: `${name}.response`,
      label: '',
      reads: [left, name],
      type,
      foreignKey,
      joiner,
    },
    { kind: 'to-table', name, parent: `${name}.resolve`, label: '' },
  ] as const
