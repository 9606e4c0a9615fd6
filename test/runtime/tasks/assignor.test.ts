import { expect } from 'chai'
import fc from 'fast-check'
import { assignTasks, type Candidate } from '../../../runtime/tasks/assignor.ts'

type Shares = ReadonlyMap<string, readonly string[]>

const tasks = (count: number) => Array.from({ length: count }, (_, n) => `0_${n}`)

/** Threads by process: `[2, 1]` is a process with two and one with one. */
const threadsOf = (processes: readonly number[]): Candidate[] =>
  processes.flatMap((threads, process) =>
    Array.from({ length: threads }, (_, thread) => ({
      memberId: `p${process}-${thread}`,
      identity: `p${process}-${thread}`,
      process: `p${process}`,
      previous: [],
    })),
  )

const settled = (candidates: readonly Candidate[], shares: Shares): Candidate[] =>
  candidates.map((c) => ({ ...c, previous: shares.get(c.memberId) ?? [] }))

const processes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 })

/** Any group; claims may overlap and name tasks that are no more, since members may have been away. */
const group = fc
  .record({ taskCount: fc.integer({ min: 0, max: 40 }), processes })
  .chain(({ taskCount, processes }) => {
    const threads = threadsOf(processes)
    const claims = fc.array(fc.subarray([...tasks(taskCount), '9_9']), {
      minLength: threads.length,
      maxLength: threads.length,
    })
    return fc.record({
      tasks: fc.constant(tasks(taskCount)),
      candidates: claims.map((lists) =>
        threads.map((thread, n) => ({ ...thread, previous: lists[n] ?? [] })),
      ),
    })
  })

const loadOf = (shares: Shares, candidates: readonly Candidate[]) =>
  candidates.map(({ memberId }) => shares.get(memberId)?.length ?? 0)

/** No thread has two more than another, and no process could give an odd task to one that has fewer for its threads. */
function isBalanced(candidates: readonly Candidate[], loads: readonly number[]): boolean {
  const least = Math.min(...loads)
  if (Math.max(...loads) - least > 1) return false
  const odd = [...Map.groupBy(candidates.keys(), (n) => candidates[n]?.process)].map(
    ([, members]) => ({
      threads: members.length,
      odd: members.filter((n) => (loads[n] ?? 0) > least).length,
    }),
  )
  return odd.every((giver) =>
    odd.every(
      (taker) =>
        giver.odd === 0 ||
        taker.odd === taker.threads ||
        (giver.odd - 1) / giver.threads <= taker.odd / taker.threads,
    ),
  )
}

const movedIn = (candidates: readonly Candidate[], shares: Shares) =>
  candidates.flatMap(({ memberId, previous }) =>
    (shares.get(memberId) ?? []).filter((task) => !previous.includes(task)),
  )

/** The fewest moves of all balanced assignments, found by trying every one. */
function fewestMoves(tasks: readonly string[], candidates: readonly Candidate[]): number {
  const owner = tasks.map((task) => candidates.findIndex((c) => c.previous.includes(task)))
  const loads = candidates.map(() => 0)
  let fewest = Infinity
  const place = (task: number, moves: number): void => {
    if (task === tasks.length) {
      if (isBalanced(candidates, loads)) fewest = Math.min(fewest, moves)
      return
    }
    for (const n of candidates.keys()) {
      loads[n] = (loads[n] ?? 0) + 1
      place(task + 1, moves + Number(owner[task] !== n))
      loads[n]--
    }
  }
  place(0, 0)
  return fewest
}

const rows: readonly (readonly [string, readonly number[], number, readonly number[]])[] = [
  ['two tasks over two pods of two threads: one a pod', [2, 2], 2, [1, 0, 1, 0]],
  ['six tasks over two pods of two threads: three a pod', [2, 2], 6, [2, 1, 2, 1]],
  ['four tasks over a pod of three threads and one of one', [3, 1], 4, [1, 1, 1, 1]],
  ['two tasks over a pod of three threads and one of one', [3, 1], 2, [1, 0, 0, 1]],
  ['fewer tasks than threads: the rest stay idle', [4], 3, [1, 1, 1, 0]],
  ['no tasks at all', [2], 0, [0, 0]],
]

describe('runtime/tasks/assignor.ts', () => {
  for (const [title, threads, count, loads] of rows) {
    it(`spreads ${title}`, () => {
      const candidates = threadsOf(threads)
      expect(loadOf(assignTasks(tasks(count), candidates), candidates)).to.deep.equal(loads)
    })
  }

  it('gives each task to one thread, balanced over threads, then over processes', () => {
    fc.assert(
      fc.property(group, ({ tasks, candidates }) => {
        const shares = assignTasks(tasks, candidates)
        expect([...shares.values()].flat().sort()).to.deep.equal([...tasks].sort())
        expect(isBalanced(candidates, loadOf(shares, candidates))).to.equal(true)
      }),
    )
  })

  it('comes to the same answer whatever the order of the members', () => {
    fc.assert(
      fc.property(group, ({ tasks, candidates }) => {
        const forward = assignTasks(tasks, candidates)
        const backward = assignTasks(tasks, [...candidates].reverse())
        for (const [member, share] of forward) expect(backward.get(member)).to.deep.equal(share)
      }),
    )
  })

  it('moves nothing when nothing has changed', () => {
    fc.assert(
      fc.property(group, ({ tasks, candidates }) => {
        const before = settled(candidates, assignTasks(tasks, candidates))
        expect(movedIn(before, assignTasks(tasks, before))).to.deep.equal([])
      }),
    )
  })

  it('moves no more than balance asks for, whatever was before', () => {
    const small = fc
      .record({
        processes: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 2 }),
        owners: fc.array(fc.integer({ min: -1, max: 3 }), { maxLength: 5 }),
      })
      .map(({ processes, owners }) => ({
        tasks: tasks(owners.length),
        candidates: threadsOf(processes).map((thread, n) => ({
          ...thread,
          previous: tasks(owners.length).filter((_, task) => owners[task] === n),
        })),
      }))
    fc.assert(
      fc.property(small, ({ tasks, candidates }) => {
        const moved = movedIn(candidates, assignTasks(tasks, candidates))
        expect(moved).to.have.length(fewestMoves(tasks, candidates))
      }),
      { numRuns: 300 },
    )
  })

  it('moves only what a newcomer gets', () => {
    fc.assert(
      fc.property(group, ({ tasks, candidates }) => {
        const before = settled(candidates, assignTasks(tasks, candidates))
        const newcomer = { memberId: 'new', identity: 'new', process: 'new', previous: [] }
        const after = assignTasks(tasks, [...before, newcomer])
        const toNewcomer = after.get('new') ?? []
        expect(movedIn([...before, newcomer], after).sort()).to.deep.equal([...toNewcomer].sort())
      }),
    )
  })

  it('moves only what the threads of a process that goes had, when all have as many threads', () => {
    const even = fc.record({
      tasks: fc.integer({ min: 0, max: 40 }).map(tasks),
      candidates: fc
        .record({ threads: fc.integer({ min: 1, max: 4 }), pods: fc.integer({ min: 2, max: 5 }) })
        .map(({ threads, pods }) => threadsOf(Array.from({ length: pods }, () => threads))),
    })
    fc.assert(
      fc.property(even, ({ tasks, candidates }) => {
        const before = settled(candidates, assignTasks(tasks, candidates))
        const left = before.filter(({ process }) => process !== 'p0')
        const orphans = before.filter(({ process }) => process === 'p0').flatMap((c) => c.previous)
        const moved = movedIn(left, assignTasks(tasks, left))
        expect(moved.sort()).to.deep.equal(orphans.sort())
      }),
    )
  })
})
