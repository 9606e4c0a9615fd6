/** A member of the group, one thread of a process, as the assignor sees it. */
export interface Candidate {
  readonly memberId: string
  /** What stays the same over restarts: the static instance id if there is one. */
  readonly identity: string
  /** The same for all threads of a process, which come, go and share their machine together. */
  readonly process: string
  /** Tasks it runs now and has the state of. */
  readonly previous: readonly string[]
  /** Task → changelog records that it would have to read before it could run it. Absent: who knows how many. */
  readonly lags?: ReadonlyMap<string, number>
}

export const lagOf = ({ lags }: Candidate, task: string): number => lags?.get(task) ?? Infinity

/**
 * Shares tasks so that no thread has two more than another, and so that the odd ones lie with the processes that have
 * fewest of them for their threads. It moves as few as that allows: everybody keeps what they have up to the fair share,
 * an odd task stays where it is if it may, and only what is left then goes to whoever has least. Of equal ways it takes those
 * on which the least of changelogs is to be read.
 */
export function assignTasks(
  tasks: readonly string[],
  candidates: readonly Candidate[],
): ReadonlyMap<string, readonly string[]> {
  if (candidates.length === 0) return new Map()
  const free = new Set(tasks)
  const fair = Math.floor(tasks.length / candidates.length)
  const seats = seatsOf(candidates, free, fair)
  for (const seat of seats) keep(seat, free)
  for (let odd = tasks.length % candidates.length; odd > 0; odd--) {
    const seat = seatForOdd(seats, fair, free)
    seat.quota++
    seat.host.odd++
    keep(seat, free)
  }
  for (const task of warmestFirst([...free], seats.filter(hasRoom)))
    place(task, least(seats.filter(hasRoom), byLagOf(task)))
  return new Map(seats.map(({ memberId, share }) => [memberId, share]))
}

/** A candidate on its way to its share. */
interface Seat extends Candidate {
  readonly host: Host
  readonly share: string[]
  quota: number
}

/** A process, over all of its threads. */
interface Host {
  readonly threads: number
  /** Threads with one task more than the fair share. */
  odd: number
  tasks: number
}

/** Those with the most to keep choose first; ties by identity, so that every leader finds the same answer. */
function seatsOf(
  candidates: readonly Candidate[],
  tasks: ReadonlySet<string>,
  quota: number,
): readonly Seat[] {
  const kept = ({ previous }: Candidate) => previous.filter((task) => tasks.has(task)).length
  const takers = candidates.filter((one) => kept(one) < tasks.size / candidates.length)
  return [...Map.groupBy(candidates, ({ process }) => process).values()]
    .flatMap((threads) => {
      const host: Host = { threads: threads.length, odd: 0, tasks: 0 }
      return threads.map((thread): Seat => {
        const others = takers.filter(({ memberId }) => memberId !== thread.memberId)
        const previous = warmestFirst(thread.previous.toReversed(), others).reverse()
        return { ...thread, previous, host, share: [], quota }
      })
    })
    .sort((a, b) => kept(b) - kept(a) || (a.identity < b.identity ? -1 : 1))
}

function keep(seat: Seat, free: Set<string>): void {
  for (const task of seat.previous) {
    if (!hasRoom(seat)) return
    if (free.delete(task)) place(task, seat)
  }
}

function place(task: string, seat: Seat): void {
  seat.share.push(task)
  seat.host.tasks++
}

const hasRoom = ({ share, quota }: Seat): boolean => share.length < quota

/** In a process with the fewest odd tasks for its threads; among those, where one that is there already can stay. */
function seatForOdd(seats: readonly Seat[], fair: number, free: ReadonlySet<string>): Seat {
  const open = seats.filter(({ quota }) => quota === fair)
  const holdsOne = ({ share, previous }: Seat) =>
    share.length === fair && previous.some((task) => free.has(task))
  const level = ({ host }: Seat) => host.odd / host.threads
  const lag = (seat: Seat) => Math.min(Infinity, ...[...free].map((task) => lagOf(seat, task)))
  return least(
    open,
    (a, b) =>
      level(a) - level(b) ||
      Number(holdsOne(b)) - Number(holdsOne(a)) ||
      difference(lag(a), lag(b)),
  )
}

/** Tasks of which one of the seats has most of the state come first; the others stay in their order. */
function warmestFirst(tasks: readonly string[], seats: readonly Candidate[]): string[] {
  const lag = (task: string) => Math.min(Infinity, ...seats.map((seat) => lagOf(seat, task)))
  const lags = new Map(tasks.map((task) => [task, lag(task)]))
  const of = (task: string) => lags.get(task) ?? Infinity
  return tasks.toSorted((a, b) => difference(of(a), of(b)))
}

const byLagOf =
  (task: string) =>
  (a: Seat, b: Seat): number =>
    difference(lagOf(a, task), lagOf(b, task)) || byLoad(a, b)

/** Of numbers that may be infinite. */
export const difference = (a: number, b: number): number => (a === b ? 0 : a - b)

/** Processes fill up evenly, not one after the other. */
const byLoad = (a: Seat, b: Seat): number =>
  a.share.length - b.share.length || a.host.tasks / a.host.threads - b.host.tasks / b.host.threads

/** The first of the least, so that the order of the seats decides ties. */
export const least = <S>(seats: readonly S[], order: (a: S, b: S) => number): S =>
  seats.reduce((best, seat) => (order(seat, best) < 0 ? seat : best))
