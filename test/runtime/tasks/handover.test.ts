import { expect } from 'chai'
import fc from 'fast-check'
import { groupAssignor } from '../../../runtime/tasks/group-assignor.ts'
import { handOver } from '../../../runtime/tasks/handover.ts'
import { encodeInfo, shareInfoOf } from '../../../runtime/tasks/member-info.ts'
import type { SubTopology } from '../../../runtime/topology/sub-topologies.ts'

const placed = (...tasks: readonly string[]) => ({ tasks, standbys: [], warmUps: [] })

const sources = [
  {
    node: 'in',
    topic: 'in',
    format: 'Json',
    keyFormat: 'String',
    startFrom: 'Earliest',
    internal: false,
  },
] as const
const subTopologies: SubTopology[] = [{ id: 0, nodes: [], sources, stores: [], exits: [] }]
const assign = groupAssignor(subTopologies, {
  standbyReplicas: 0,
  acceptableRecoveryLag: 100,
  maxWarmupReplicas: 2,
})

/** Rebalances one after the other, until nobody has anything to give up. Throws when a task is with two, or at no end. */
function settle(running: Map<string, readonly string[]>, partitions: number): number {
  for (let round = 1; round <= 10; round++) {
    const members = [...running].map(([memberId, tasks]) => ({
      memberId,
      topics: [],
      userData: encodeInfo({
        ...{ version: 1, process: memberId, tasks, caughtUp: tasks, keeps: tasks },
      }),
    }))
    let isSettled = true
    for (const [id, share] of assign(members, new Map([['in', partitions]]))) {
      const given = share.partitions.map(({ partition }) => `0_${partition}`)
      const others = [...running].filter(([other]) => other !== id).flatMap(([, tasks]) => tasks)
      expect(given.filter((task) => others.includes(task))).to.deep.equal([])
      if (shareInfoOf(share).givesUp.length > 0) isSettled = false
      running.set(id, given)
    }
    if (isSettled) return round
  }
  throw new Error('the group never settles')
}

describe('runtime/tasks/handover.ts', () => {
  const hasState = (task: string) => task === 'stateful'

  it('gives a task that nobody goes on with to whoever it is placed with', () => {
    const handed = handOver(new Map([['a', placed('x')]]), new Map([['b', ['y']]]), hasState)
    expect(handed.get('a')).to.deep.equal({ ...placed('x'), givesUp: [] })
  })

  it('leaves it where it is placed, if that is who goes on with it', () => {
    const handed = handOver(new Map([['a', placed('x')]]), new Map([['a', ['x']]]), hasState)
    expect(handed.get('a')).to.deep.equal({ ...placed('x'), givesUp: [] })
  })

  it('takes it from whoever goes on with it, and gives it to nobody else before', () => {
    const placements = new Map([
      ['a', placed('x')],
      ['b', placed('y', 'stateful')],
    ])
    const handed = handOver(placements, new Map([['a', ['x', 'y', 'stateful']]]), hasState)
    expect(handed.get('a')).to.deep.equal({ ...placed('x'), givesUp: ['y', 'stateful'] })
    expect(handed.get('b')).to.deep.equal({ ...placed(), standbys: ['stateful'], givesUp: [] })
  })

  it('settles after every change of a group, with each task at one member', () => {
    const changes = fc.array(
      fc.oneof(
        fc.record({ joins: fc.integer({ min: 0, max: 9 }) }),
        fc.record({ leaves: fc.integer({ min: 0, max: 9 }) }),
      ),
      { minLength: 1, maxLength: 8 },
    )
    fc.assert(
      fc.property(changes, fc.integer({ min: 1, max: 12 }), (all, partitions) => {
        const running = new Map<string, readonly string[]>([['m-first', []]])
        for (const change of all) {
          if ('joins' in change) running.set(`m-${change.joins}`, [])
          else if (running.size > 1) running.delete(`m-${change.leaves}`)
          if (running.size === 0) running.set('m-first', [])
          expect(settle(running, partitions)).to.be.at.most(3)
          const tasks = [...running.values()].flat()
          expect(tasks.length).to.equal(partitions)
          expect(new Set(tasks).size).to.equal(partitions)
        }
      }),
    )
  })
})
