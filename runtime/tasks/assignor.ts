/** A member of the group as the assignor sees it. */
export interface Candidate {
  readonly memberId: string
  /** What stays the same over restarts: the static instance id if there is one. */
  readonly identity: string
  /** Tasks it runs now and has the state of. */
  readonly previous: readonly string[]
}

/**
 * Shares tasks so that no member has two more than another, and moves as few as that allows: first everybody keeps what
 * they have up to the fair share, then what is left goes to whoever has least.
 */
export function assignTasks(
  tasks: readonly string[],
  candidates: readonly Candidate[],
): ReadonlyMap<string, readonly string[]> {
  const shares = new Map(candidates.map(({ memberId }) => [memberId, [] as string[]]))
  if (candidates.length === 0) return shares
  const free = new Set(tasks)
  const fair = Math.floor(tasks.length / candidates.length)
  let extras = tasks.length % candidates.length
  const ordered = [...candidates].sort(byNeed(free))
  for (const { memberId, previous } of ordered)
    keep(previous, fair, free, shares.get(memberId) ?? [])
  for (const { memberId, previous } of ordered) {
    if (extras === 0) break
    const share = shares.get(memberId) ?? []
    if (share.length === fair) extras -= keep(previous, fair + 1, free, share)
  }
  for (const task of free) leastLoaded(ordered, shares).push(task)
  return shares
}

/** Those with the most to keep choose first; ties by identity, so that every leader finds the same answer. */
const byNeed = (tasks: ReadonlySet<string>) => (a: Candidate, b: Candidate) => {
  const kept = ({ previous }: Candidate) => previous.filter((task) => tasks.has(task)).length
  return kept(b) - kept(a) || (a.identity < b.identity ? -1 : 1)
}

function keep(
  previous: readonly string[],
  limit: number,
  free: Set<string>,
  share: string[],
): number {
  const before = share.length
  for (const task of previous) {
    if (share.length >= limit) break
    if (free.delete(task)) share.push(task)
  }
  return share.length - before
}

function leastLoaded(
  ordered: readonly Candidate[],
  shares: ReadonlyMap<string, string[]>,
): string[] {
  let least: string[] | undefined
  for (const { memberId } of ordered) {
    const share = shares.get(memberId)
    if (share !== undefined && (least === undefined || share.length < least.length)) least = share
  }
  return least ?? []
}
