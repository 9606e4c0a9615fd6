import { expect } from 'chai'
import fc from 'fast-check'
import { assignTasks, type Candidate } from '../../../runtime/tasks/assignor.ts'

const tasks = (count: number) => Array.from({ length: count }, (_, n) => `0_${n}`)

const group = fc
  .record({
    taskCount: fc.integer({ min: 0, max: 40 }),
    memberCount: fc.integer({ min: 1, max: 9 }),
  })
  .chain(({ taskCount, memberCount }) =>
    fc.record({
      tasks: fc.constant(tasks(taskCount)),
      // Claims may overlap, and name tasks that are no more: members may have been away.
      candidates: fc
        .array(fc.subarray([...tasks(taskCount), '9_9']), {
          minLength: memberCount,
          maxLength: memberCount,
        })
        .map((claims) =>
          claims.map((previous, n): Candidate => ({
            memberId: `m${n}`,
            identity: `i${n}`,
            previous,
          })),
        ),
    }),
  )

const sizes = (shares: ReadonlyMap<string, readonly string[]>) =>
  [...shares.values()].map(({ length }) => length)

describe('runtime/tasks/assignor.ts', () => {
  it('gives each task to one member, and no member two more than another', () => {
    fc.assert(
      fc.property(group, ({ tasks, candidates }) => {
        const shares = assignTasks(tasks, candidates)
        expect([...shares.values()].flat().sort()).to.deep.equal([...tasks].sort())
        expect(Math.max(...sizes(shares)) - Math.min(...sizes(shares))).to.be.at.most(1)
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
        const first = assignTasks(tasks, candidates)
        const settled = candidates.map((c) => ({ ...c, previous: first.get(c.memberId) ?? [] }))
        const second = assignTasks(tasks, settled)
        for (const [member, share] of first) {
          expect([...(second.get(member) ?? [])].sort()).to.deep.equal([...share].sort())
        }
      }),
    )
  })

  it('moves no more than a newcomer needs', () => {
    fc.assert(
      fc.property(group, ({ tasks, candidates }) => {
        const first = assignTasks(tasks, candidates)
        const settled = candidates.map((c) => ({ ...c, previous: first.get(c.memberId) ?? [] }))
        const newcomer = { memberId: 'new', identity: 'new', previous: [] }
        const second = assignTasks(tasks, [...settled, newcomer])
        const moved = [...second].flatMap(([member, share]) =>
          share.filter((task) => first.get(member)?.includes(task) !== true),
        )
        expect(moved).to.have.length(second.get('new')?.length ?? 0)
      }),
    )
  })
})
