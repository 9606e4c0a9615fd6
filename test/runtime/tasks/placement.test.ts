import { expect } from 'chai'
import fc from 'fast-check'
import {
  type PlacedMember,
  type Placement,
  placeTasks,
  type PlacementRules,
} from '../../../runtime/tasks/placement.ts'

/** Records of each changelog: many more than are acceptable. */
const LENGTH = 1_000_000
const MAX_WARM_UPS = 2
const NOTHING: Placement = { tasks: [], standbys: [], warmUps: [] }

interface Pod {
  readonly name: string
  readonly threads: number
}

interface Job {
  /** Of each task, whether it has state. */
  readonly stateful: readonly boolean[]
  readonly pods: readonly Pod[]
  readonly replicas: number
}

const tasksOf = ({ stateful }: Pick<Job, 'stateful'>) =>
  stateful.map((hasState, n) => ({ name: `0_${n}`, hasState }))

const rulesOf = ({ replicas }: Pick<Job, 'replicas'>): PlacementRules => ({
  standbyReplicas: replicas,
  acceptableRecoveryLag: 10_000,
  maxWarmupReplicas: MAX_WARM_UPS,
})

/** A group whose members read all of their changelogs between one rebalance and the next. */
class Group {
  readonly job: Job
  members: readonly PlacedMember[] = []
  #placements: ReadonlyMap<string, Placement> = new Map()

  constructor(job: Job) {
    this.job = job
    for (const pod of job.pods) this.join(pod)
    this.settle()
  }

  get stateful(): readonly string[] {
    return tasksOf(this.job).flatMap(({ name, hasState }) => (hasState ? [name] : []))
  }

  get placements(): readonly (Placement & { readonly process: string })[] {
    return this.members.map(({ memberId, process }) => ({
      ...(this.#placements.get(memberId) ?? NOTHING),
      process,
    }))
  }

  get isWarming(): boolean {
    return this.placements.some(({ warmUps }) => warmUps.length > 0)
  }

  /** Task → who runs it. */
  get owners(): ReadonlyMap<string, string> {
    return new Map(
      this.members.flatMap(({ memberId, previous }) => previous.map((task) => [task, memberId])),
    )
  }

  join({ name, threads }: Pod): void {
    const joined = Array.from({ length: threads }, (_, n) => ({
      ...{ memberId: `${name}-${n}`, identity: `${name}-${n}`, process: name },
      ...{ previous: [], standbys: [], canFollow: true, lags: this.#lags([]) },
    }))
    this.members = [...this.members, ...joined]
  }

  lose(name: string): void {
    this.members = this.members.filter(({ process }) => process !== name)
  }

  /** Returns the tasks with state that have come to somebody, and what that one had to read of them. */
  rebalance(): readonly (readonly [task: string, lag: number])[] {
    const { owners: before, members } = this
    this.#placements = placeTasks(tasksOf(this.job), members, rulesOf(this.job))
    this.members = members.map((member) => {
      const { tasks, standbys, warmUps } = this.#placements.get(member.memberId) ?? NOTHING
      const followed = [...standbys, ...warmUps]
      const lags = this.#lags([...tasks, ...followed])
      return { ...member, previous: tasks, standbys: followed, lags }
    })
    const lagOf = (task: string, id: string) =>
      members.find(({ memberId }) => memberId === id)?.lags?.get(task) ?? Infinity
    return [...this.owners]
      .filter(([task, id]) => this.stateful.includes(task) && before.get(task) !== id)
      .map(([task, id]) => [task, lagOf(task, id)])
  }

  /** Until no task is to move. Returns how many rebalances that took; throws when it takes more than it may. */
  settle(check: (moved: ReturnType<Group['rebalance']>) => void = () => undefined): number {
    for (let count = 1; count <= 1 + Math.ceil(this.stateful.length / MAX_WARM_UPS); count++) {
      check(this.rebalance())
      if (!this.isWarming) return count
    }
    throw new Error('it does not come to rest')
  }

  #lags(warm: readonly string[]): ReadonlyMap<string, number> {
    return new Map(this.stateful.map((task) => [task, warm.includes(task) ? 0 : LENGTH]))
  }
}

const jobs: fc.Arbitrary<Job> = fc.record({
  stateful: fc.array(fc.boolean(), { maxLength: 24 }),
  pods: fc
    .array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 })
    .map((list) => list.map((threads, n) => ({ name: `pod-${n}`, threads }))),
  replicas: fc.integer({ min: 0, max: 2 }),
})

/** Every task runs once; its standbys are where neither it nor another of them is; few tasks warm up. */
function expectSound({ placements, stateful, job: { replicas }, isWarming }: Group): void {
  const processes = new Set(placements.map(({ process }) => process))
  for (const task of stateful) {
    const running = placements.filter(({ tasks }) => tasks.includes(task))
    const standing = placements.filter(({ standbys }) => standbys.includes(task))
    expect(running, task).to.have.length(1)
    const holders = [...running, ...standing].map(({ process }) => process)
    expect(new Set(holders).size, `copies of ${task} in one process`).to.equal(holders.length)
    if (!isWarming) expect(standing, task).to.have.length(Math.min(replicas, processes.size - 1))
  }
  const warming = placements.flatMap(({ warmUps }) => warmUps)
  expect(warming.length).to.be.at.most(MAX_WARM_UPS)
}

function expectBalanced({ placements }: Group): void {
  const loads = placements.map(({ tasks }) => tasks.length)
  expect(Math.max(...loads) - Math.min(...loads)).to.be.at.most(1)
}

const sorted = ({ placements }: Group) =>
  placements.map(({ tasks, standbys }) => [tasks.toSorted(), standbys.toSorted()])

describe('runtime/tasks/placement.ts', () => {
  it('runs each task once, balanced, with its standbys in other processes', () => {
    fc.assert(
      fc.property(jobs, (job) => {
        const group = new Group(job)
        expectSound(group)
        expectBalanced(group)
      }),
    )
  })

  it('spreads standbys over equal pods', () => {
    const even = fc.record({
      count: fc.integer({ min: 1, max: 24 }),
      size: fc.integer({ min: 2, max: 5 }),
      replicas: fc.integer({ min: 1, max: 2 }),
    })
    fc.assert(
      fc.property(even, ({ count, size, replicas }) => {
        const pods = Array.from({ length: size }, (_, n) => ({ name: `pod-${n}`, threads: 1 }))
        const stateful = Array.from({ length: count }, () => true)
        const { placements } = new Group({ stateful, pods, replicas })
        const copies = placements.map(({ standbys }) => standbys.length)
        expect(Math.max(...copies) - Math.min(...copies)).to.be.at.most(2)
      }),
    )
  })

  it('changes nothing when nothing has changed', () => {
    fc.assert(
      fc.property(jobs, (job) => {
        const group = new Group(job)
        const before = sorted(group)
        group.rebalance()
        expect(sorted(group)).to.deep.equal(before)
      }),
    )
  })

  it('comes to the same answer whatever the order of the members', () => {
    fc.assert(
      fc.property(jobs, (job) => {
        const group = new Group(job)
        group.join({ name: 'new', threads: 1 })
        const forward = placeTasks(tasksOf(job), group.members, rulesOf(job))
        const backward = placeTasks(tasksOf(job), group.members.toReversed(), rulesOf(job))
        for (const [member, placement] of forward)
          expect({ ...backward.get(member) }).to.deep.equal({ ...placement })
      }),
    )
  })

  it('moves tasks to a new pod only once they are warm there, and is balanced in few rebalances', () => {
    fc.assert(
      fc.property(jobs, (job) => {
        const group = new Group(job)
        group.join({ name: 'new', threads: 1 })
        group.settle((moved) => {
          expectSound(group)
          for (const [task, lag] of moved) expect(lag, task).to.equal(0)
        })
        expectBalanced(group)
      }),
    )
  })

  it('gives the tasks of a pod that dies to their standbys', () => {
    fc.assert(
      fc.property(jobs, (job) => {
        fc.pre(job.pods.length > 1 && job.replicas > 0)
        const group = new Group(job)
        group.lose('pod-0')
        for (const [task, lag] of group.rebalance()) expect(lag, task).to.equal(0)
        expectSound(group)
        group.settle()
        expectSound(group)
        expectBalanced(group)
      }),
    )
  })

  it('gives a task to whoever has a copy, though all others may run it at once, too', () => {
    const member = (name: string, previous: string, copied: number): PlacedMember => ({
      memberId: name,
      identity: name,
      process: name,
      previous: [previous],
      standbys: [],
      canFollow: true,
      lags: new Map([['0_2', copied]]),
    })
    const members = [member('pod-0', '0_0', 6000), member('pod-1', '0_1', 0)]
    const tasks = tasksOf({ stateful: [false, false, true, false] })
    const placed = placeTasks(tasks, members, rulesOf({ replicas: 0 }))
    expect(placed.get('pod-1')?.tasks).to.include('0_2')
  })
})
