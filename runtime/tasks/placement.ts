import { assignTasks, type Candidate, difference, lagOf, least } from './assignor.ts'

/** How many times as much another would have to read. */
const NEARER = 2

export interface PlacementRules {
  /** Copies of each task's state, beside that of the task itself. */
  readonly standbyReplicas: number
  /** Whoever has to read no more changelog records than this may run a task at once. */
  readonly acceptableRecoveryLag: number
  /** How many tasks warm up at a time, in the whole group. */
  readonly maxWarmupReplicas: number
}

export interface PlacedMember extends Candidate {
  /** Tasks of others whose state it keeps. */
  readonly standbys: readonly string[]
  /** False: it does not know of standbys. */
  readonly canFollow: boolean
}

export interface PlacedTask {
  readonly name: string
  readonly hasState: boolean
}

/** What a member is to do. */
export interface Placement {
  readonly tasks: readonly string[]
  /** Tasks of others whose state it is to keep. */
  readonly standbys: readonly string[]
  /** The same, as the task is to come to it once it has caught up. */
  readonly warmUps: readonly string[]
}

/**
 * Who runs which task, and who keeps copies of its state, as the HighAvailabilityTaskAssignor of Kafka Streams has it: tasks go
 * where balance wants them, but one with state only to whoever is caught up. Until then it runs with whoever is nearest to
 * that, as a rule where it is, and warms up where it is to go. No process has two copies of the same state, other than for a
 * task that moves from thread to thread.
 */
export function placeTasks(
  tasks: readonly PlacedTask[],
  members: readonly PlacedMember[],
  rules: PlacementRules,
): ReadonlyMap<string, Placement> {
  if (members.length === 0) return new Map()
  const seats = members
    .map((member) => new Seat(member, rules.acceptableRecoveryLag))
    .sort((a, b) => (a.member.identity < b.member.identity ? -1 : 1))
  const stateful = tasks.filter(({ hasState }) => hasState).map(({ name }) => name)
  const moves = settle(tasks, stateful, seats)
  moves.sort((a, b) => difference(a.to.lag(a.task), b.to.lag(b.task)))
  for (const { task, to } of moves.slice(0, rules.maxWarmupReplicas)) to.warmUps.push(task)
  addStandbys(stateful, seats, rules.standbyReplicas)
  return new Map(
    seats.map(({ member, tasks, standbys, warmUps }) => [
      member.memberId,
      { tasks, standbys, warmUps },
    ]),
  )
}

/** What one member gets so far. */
class Seat implements Placement {
  readonly member: PlacedMember
  readonly tasks: string[] = []
  readonly standbys: string[] = []
  readonly warmUps: string[] = []
  readonly #acceptable: number

  constructor(member: PlacedMember, acceptable: number) {
    this.member = member
    this.#acceptable = acceptable
  }

  /** What keeps a task from running there at once: nothing, where no more is to be read than is acceptable. */
  lag(task: string): number {
    const lag = lagOf(this.member, task)
    return lag <= this.#acceptable ? 0 : lag
  }

  runs(task: string): boolean {
    return this.member.previous.includes(task)
  }

  has(task: string): boolean {
    return [this.tasks, this.warmUps, this.standbys].some((list) => list.includes(task))
  }
}

interface Move {
  readonly task: string
  readonly to: Seat
}

/** Gives every task to somebody, and returns those that should be elsewhere. */
function settle(
  tasks: readonly PlacedTask[],
  stateful: readonly string[],
  seats: readonly Seat[],
): Move[] {
  const moves: Move[] = []
  const names = tasks.map(({ name }) => name)
  const targets = assignTasks(
    names,
    seats.map(({ member }) => member),
  )
  const hasState = new Set(stateful)
  for (const to of seats) {
    for (const task of targets.get(to.member.memberId) ?? []) {
      const now = hasState.has(task) ? nearest(task, to, seats) : to
      now.tasks.push(task)
      if (now !== to) moves.push({ task, to })
    }
  }
  return moves
}

/** Who is to run it as things are: to have less to read, but not by far, is no reason to crowd one member. */
function nearest(task: string, target: Seat, seats: readonly Seat[]): Seat {
  if (target.lag(task) === 0 || !target.member.canFollow) return target
  const nearer = seats.filter((seat) => seat.lag(task) < target.lag(task) / NEARER)
  if (nearer.length === 0) return target
  return least(
    nearer,
    (a, b) =>
      difference(a.lag(task), b.lag(task)) ||
      Number(b.runs(task)) - Number(a.runs(task)) ||
      a.tasks.length - b.tasks.length,
  )
}

/** Whoever has a copy keeps it, up to a fair share; what is missing then goes to whoever has fewest. */
function addStandbys(tasks: readonly string[], seats: readonly Seat[], replicas: number): void {
  const able = seats.filter(({ member }) => member.canFollow)
  const missing = new Map(tasks.map((task) => [task, replicas]))
  const fair = Math.ceil((tasks.length * replicas) / Math.max(1, able.length))
  const give = (task: string, seat: Seat) => {
    seat.standbys.push(task)
    missing.set(task, (missing.get(task) ?? 0) - 1)
  }
  const isOpen = (task: string) => (missing.get(task) ?? 0) > 0
  for (const seat of able) {
    for (const task of [...seat.member.standbys, ...seat.member.previous])
      if (seat.standbys.length < fair && isOpen(task) && isFree(task, seat, seats)) give(task, seat)
  }
  for (let round = 0; round < replicas; round++) {
    for (const task of tasks.filter(isOpen)) {
      const free = able.filter((seat) => isFree(task, seat, seats))
      if (free.length > 0) give(task, least(free, byStandbys(task)))
    }
  }
}

/** No thread of its process has the task or a copy of it: they would be lost together. */
const isFree = (task: string, { member }: Seat, seats: readonly Seat[]): boolean =>
  !seats.some((seat) => seat.member.process === member.process && seat.has(task))

const byStandbys =
  (task: string) =>
  (a: Seat, b: Seat): number =>
    a.standbys.length - b.standbys.length ||
    difference(a.lag(task), b.lag(task)) ||
    a.tasks.length - b.tasks.length
