import { expect } from 'chai'
import fc from 'fast-check'
import { groupAssignor } from '../../../runtime/tasks/group-assignor.ts'
import { encodeInfo, type MemberInfo, shareInfoOf } from '../../../runtime/tasks/member-info.ts'
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

const rules = { standbyReplicas: 0, acceptableRecoveryLag: 100, maxWarmupReplicas: 2 }

const member = (process: string, thread: number, userData?: Buffer) => ({
  memberId: `${process}-${thread}-x`,
  instanceId: `${process}-${thread}`,
  topics: [],
  userData: userData ?? encodeInfo({ version: 1, process, tasks: [] }),
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
        const assign = groupAssignor(reading(['orders', 'customers'], ['clicks']), rules)
        const shares = assign(members, new Map(Object.entries(partitions)))
        const owner = new Map(
          [...shares].flatMap(([id, { partitions: list }]) =>
            list.map(({ topic, partition }) => [`${topic}-${partition}`, id] as const),
          ),
        )
        const total = partitions.orders + partitions.customers + partitions.clicks
        expect(owner.size).to.equal(total)
        expect([...shares.values()].flatMap(({ partitions: list }) => list)).to.have.length(total)
        for (let n = 0; n < Math.min(partitions.orders, partitions.customers); n++)
          expect(owner.get(`orders-${n}`)).to.equal(owner.get(`customers-${n}`))
      }),
    )
  })

  it('spreads over pods before it gives a pod a second thread', () => {
    const members = [member('a', 1), member('a', 2), member('b', 1), member('b', 2)]
    const shares = groupAssignor(reading(['in']), rules)(members, new Map([['in', 2]]))
    const pods = [...shares]
      .filter(([, { partitions: list }]) => list.length > 0)
      .map(([id]) => id[0])
    expect(pods.sort()).to.deep.equal(['a', 'b'])
  })

  it('takes a member whose words it does not understand for a process of its own', () => {
    for (const words of ['', 'null', '[]', 'not json', '\0\0']) {
      const members = [member('a', 1), member('b', 1, Buffer.from(words))]
      const shares = groupAssignor(reading(['in']), rules)(members, new Map([['in', 2]]))
      expect([...shares.values()].map(({ partitions: list }) => list.length)).to.deep.equal([1, 1])
    }
  })

  /** Of a job with state and two tasks: what each pod runs, stands by for and warms up, by what each has said. */
  function placed(words: Readonly<Record<string, MemberInfo>>, standbyReplicas = 0): string[] {
    const [subTopology] = reading(['in'])
    if (subTopology === undefined) throw new Error('there is one')
    const stores = [{ name: 'counts', changelogTopic: 'changelog' }] as unknown
    const stateful = { ...subTopology, stores: stores as SubTopology['stores'] }
    const members = Object.entries(words).map(([pod, info]) => member(pod, 1, encodeInfo(info)))
    const assign = groupAssignor([stateful], { ...rules, standbyReplicas })
    const shares = assign(members, new Map([['in', 2]]))
    return members.map(({ memberId }) => {
      const share = shares.get(memberId) ?? { partitions: [] }
      const { standbys, warmUps } = shareInfoOf(share)
      const tasks = share.partitions.map(({ partition }) => `0_${partition}`).sort()
      return [tasks, standbys, warmUps].map((names) => names.join(' ') || '-').join(' | ')
    })
  }
  const both = ['0_0', '0_1']
  const busy = {
    ...({ version: 1, process: 'a', tasks: both, caughtUp: both } as const),
    positions: { '0_0': 1000, '0_1': 1000 },
  }
  const begun = (position: number) => ({
    ...({ version: 1, process: 'a', tasks: both } as const),
    positions: { '0_0': position, '0_1': position },
    ends: { '0_0': 10_000, '0_1': 10_000 },
  })
  const idle = { version: 1, process: 'b', tasks: [] } as const
  const old = (process: string, tasks: readonly string[]): MemberInfo => ({ process, tasks })

  const rows: readonly (readonly [
    what: string,
    words: Readonly<Record<string, MemberInfo>>,
    shares: readonly string[],
    standbyReplicas?: number,
  ])[] = [
    [
      'leaves a task where it runs while another member reads its changelog',
      { a: busy, b: idle },
      ['0_0 0_1 | - | -', '- | - | 0_1'],
    ],
    [
      'moves it once that member has caught up as far as is acceptable',
      { a: busy, b: { ...idle, standbys: ['0_1'], positions: { '0_1': 900 } } },
      ['0_0 | - | -', '0_1 | - | -'],
    ],
    [
      'moves it when that member says so, however much was written since',
      { a: busy, b: { ...idle, standbys: ['0_1'], caughtUp: ['0_1'], positions: { '0_1': 500 } } },
      ['0_0 | - | -', '0_1 | - | -'],
    ],
    [
      'moves a task at once whose changelog is short',
      { a: { ...busy, positions: { '0_0': 90, '0_1': 90 } }, b: idle },
      ['0_0 | - | -', '0_1 | - | -'],
    ],
    [
      'gives a task that nobody runs to whoever has most of its changelog',
      {
        a: { ...busy, tasks: ['0_0'], caughtUp: ['0_0'], positions: { '0_0': 1000, '0_1': 700 } },
        b: { ...idle, positions: { '0_1': 200 } },
      },
      ['0_0 0_1 | - | -', '- | - | 0_1'],
    ],
    [
      'restores side by side what nobody has, though one has begun with all of it',
      { a: begun(100), b: idle },
      ['0_0 | - | -', '0_1 | - | -'],
    ],
    [
      'leaves a task with whoever has restored most of it',
      { a: begun(6000), b: idle },
      ['0_0 0_1 | - | -', '- | - | 0_1'],
    ],
    [
      'does not take a snapshot of a longer changelog, made anew since, for one of this',
      { a: busy, b: { ...idle, positions: { '0_1': 5000 } } },
      ['0_0 0_1 | - | -', '- | - | 0_1'],
    ],
    [
      'does not take a task that is still to be restored for one that runs',
      {
        a: { ...busy, caughtUp: ['0_0'], positions: { '0_0': 1000, '0_1': 10 } },
        b: { ...idle, standbys: ['0_1'], positions: { '0_1': 990 } },
      },
      ['0_0 | - | -', '0_1 | - | -'],
    ],
    [
      'lets each of two members stand by for the other',
      {
        a: { ...busy, tasks: ['0_0'], caughtUp: ['0_0'] },
        b: { ...idle, tasks: ['0_1'], caughtUp: ['0_1'], positions: { '0_1': 1000 } },
      },
      ['0_0 | 0_1 | -', '0_1 | 0_0 | -'],
      1,
    ],
    [
      'lets nobody of an older version stand by, and moves tasks to it as that version did',
      { a: busy, b: old('b', []) },
      ['0_0 | 0_1 | -', '0_1 | - | -'],
      1,
    ],
    [
      'moves nothing that runs with an older version before somebody newer has it',
      { a: old('a', both), b: idle },
      ['0_0 0_1 | - | -', '- | - | 0_1'],
    ],
  ]
  for (const [what, words, shares, standbyReplicas] of rows)
    it(what, () => {
      expect(placed(words, standbyReplicas)).to.deep.equal(shares)
    })

  it('tells a leader of an older version what that one asks for', () => {
    const { process, tasks } = JSON.parse(encodeInfo(busy).toString()) as Record<string, unknown>
    expect({ process, tasks }).to.deep.equal({ process: 'a', tasks: both })
  })

  it('follows nothing under a leader of an older version, which says nothing of it', () => {
    for (const share of [{ partitions: [] }, { partitions: [], userData: Buffer.alloc(0) }])
      expect(shareInfoOf(share)).to.deep.equal({ standbys: [], warmUps: [], givesUp: [] })
  })
})
