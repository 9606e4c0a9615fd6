import { expect } from 'chai'
import fc from 'fast-check'
import { encodeMemberInfo, groupAssignor } from '../../../runtime/tasks/group-assignor.ts'
import type { SubTopology } from '../../../runtime/topology/sub-topologies.ts'

const source = (topic: string) =>
  ({
    node: topic,
    topic,
    format: 'Json',
    keyFormat: 'String',
    startFrom: 'Earliest',
    internal: false,
  }) as const

/** Sub-topologies that read these topics. */
const reading = (...topics: readonly (readonly string[])[]): SubTopology[] =>
  topics.map((names, id) => ({ id, nodes: [], sources: names.map(source), stores: [], exits: [] }))

const member = (process: string, thread: number, userData?: Buffer) => ({
  memberId: `${process}-${thread}-x`,
  instanceId: `${process}-${thread}`,
  topics: [],
  userData: userData ?? encodeMemberInfo({ process, tasks: [] }),
})

describe('runtime/tasks/group-assignor.ts', () => {
  it('gives a member the same partition of all topics that a sub-topology reads', () => {
    const counts = fc.record({
      orders: fc.integer({ min: 1, max: 8 }),
      customers: fc.integer({ min: 1, max: 8 }),
      clicks: fc.integer({ min: 1, max: 8 }),
    })
    const groups = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(counts, groups, (partitions, threads) => {
        const members = threads.flatMap((count, pod) =>
          Array.from({ length: count }, (_, n) => member(`pod-${pod}`, n)),
        )
        const assign = groupAssignor(reading(['orders', 'customers'], ['clicks']))
        const shares = assign(members, new Map(Object.entries(partitions)))
        const owner = new Map(
          [...shares].flatMap(([id, list]) =>
            list.map(({ topic, partition }) => [`${topic}-${partition}`, id] as const),
          ),
        )
        const total = partitions.orders + partitions.customers + partitions.clicks
        expect(owner.size).to.equal(total)
        expect([...shares.values()].flat()).to.have.length(total)
        for (let n = 0; n < Math.min(partitions.orders, partitions.customers); n++)
          expect(owner.get(`orders-${n}`)).to.equal(owner.get(`customers-${n}`))
      }),
    )
  })

  it('spreads over pods before it gives a pod a second thread', () => {
    const members = [member('a', 1), member('a', 2), member('b', 1), member('b', 2)]
    const shares = groupAssignor(reading(['in']))(members, new Map([['in', 2]]))
    const pods = [...shares].filter(([, list]) => list.length > 0).map(([id]) => id[0])
    expect(pods.sort()).to.deep.equal(['a', 'b'])
  })

  it('takes a member whose words it does not understand for a process of its own', () => {
    for (const words of ['', 'null', '[]', 'not json', '\0\0']) {
      const members = [member('a', 1), member('b', 1, Buffer.from(words))]
      const shares = groupAssignor(reading(['in']))(members, new Map([['in', 2]]))
      expect([...shares.values()].map(({ length }) => length)).to.deep.equal([1, 1])
    }
  })
})
