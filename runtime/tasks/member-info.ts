import type { GroupShare, GroupSubscription } from '../broker/broker.ts'

/**
 * What a member tells the leader with its subscription. Members of an older version say less: everything but `process` and
 * `tasks` came later, and what a reader does not know it leaves alone.
 */
export interface MemberInfo {
  /** Unset: it follows no changelogs, whatever it is told. */
  readonly version?: 1
  /** Names the process that the member is a thread of. */
  readonly process: string
  /** The tasks that it runs, or was about to. */
  readonly tasks: readonly string[]
  /** The tasks whose changelogs it follows. */
  readonly standbys?: readonly string[]
  /** Task → how much it has of the task's changelogs: their offsets, added up. */
  readonly positions?: Readonly<Record<string, number>>
  /** Task → where those end, by what it knows, of tasks of which it has not all. */
  readonly ends?: Readonly<Record<string, number>>
  /** Tasks that it could run without delay: those that it runs, and standbys that are not far behind. */
  readonly caughtUp?: readonly string[]
  /** The tasks that it goes on with until its next share: nobody else is to begin with them before. */
  readonly keeps?: readonly string[]
  /** How many partitions it has seen topics to have. What a member says anew makes the group share out anew. */
  readonly partitions?: Readonly<Record<string, number>>
}

/** What the leader tells a member with its share. */
export interface ShareInfo {
  /** Tasks of others whose changelogs it is to follow. */
  readonly standbys: readonly string[]
  /** Those as well, and to ask for a rebalance once it has caught up: they are to come to it. */
  readonly warmUps: readonly string[]
  /** Tasks that it is to end, and to ask for a rebalance then: others wait for them. */
  readonly givesUp: readonly string[]
}

export const encodeInfo = (info: MemberInfo | ShareInfo): Buffer =>
  Buffer.from(JSON.stringify(info))

/** Empty if the words are not ours: of a stranger there is nothing to keep. */
export const memberInfoOf = ({ userData }: GroupSubscription): Partial<MemberInfo> =>
  decoded<MemberInfo>(userData)

export function shareInfoOf({ userData }: GroupShare): ShareInfo {
  const told = decoded<ShareInfo>(userData ?? Buffer.alloc(0))
  const { standbys = [], warmUps = [], givesUp = [] } = told
  return { standbys, warmUps, givesUp }
}

/** What a member has seen of topics; nothing if its words are not ours. */
export function partitionsSeenBy(subscription: GroupSubscription): ReadonlyMap<string, number> {
  const seen = Object.entries(memberInfoOf(subscription).partitions ?? {})
  return new Map(seen.filter(([, count]) => Number.isInteger(count)))
}

function decoded<T extends object>(bytes: Buffer): Partial<T> {
  try {
    return (JSON.parse(bytes.toString('utf8')) ?? {}) as Partial<T>
  } catch {
    return {}
  }
}
