import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { GroupAssignor, GroupMember, GroupMemberOptions } from '../../runtime/broker/broker.ts'
import { CommitRejected } from '../../runtime/broker/errors.ts'
import { eventually } from '../support/eventually.ts'
import type { ContractTools } from './tools.ts'

export const roundRobin: GroupAssignor = (members, counts) => {
  const partitions = [...counts].flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  )
  const ordered = [...members].sort((a, b) =>
    (a.instanceId ?? a.memberId).localeCompare(b.instanceId ?? b.memberId),
  )
  return new Map(
    ordered.map(({ memberId }, index) => [
      memberId,
      { partitions: partitions.filter((_, position) => position % ordered.length === index) },
    ]),
  )
}

/** Each member rejoins by itself whenever the group asks, as workers do, until the shares are as expected. */
async function settle(joined: readonly GroupMember[], shares: readonly number[]): Promise<void> {
  const owned = new Map<GroupMember, number>()
  let settled = false
  const loops = joined.map(async (one) => {
    while (!settled) {
      if (one.generation < 0 || one.rejoinNeeded)
        owned.set(one, (await one.join()).partitions.length)
      await delay(10)
    }
  })
  await eventually(
    () => {
      expect(joined.map((one) => owned.get(one) ?? -1).sort()).to.deep.equal(shares)
      expect(joined.some((one) => one.rejoinNeeded)).to.equal(false)
    },
    { timeoutMs: 20_000 },
  )
  settled = true
  await Promise.all(loops)
}

export function groupContract({ newTopic, member }: ContractTools): void {
  it('gives all partitions to one member and shares them with a second', async function () {
    this.timeout(30_000)
    const topic = await newTopic(4)
    const groupId = `g-${randomUUID()}`
    const first = member(groupId, topic)
    expect((await first.join()).partitions).to.have.length(4)
    const second = member(groupId, topic)
    await settle([first, second], [2, 2])
  })

  it('hands the partitions of one who leaves to the others', async function () {
    this.timeout(30_000)
    const topic = await newTopic(4)
    const groupId = `g-${randomUUID()}`
    const [first, second] = [member(groupId, topic), member(groupId, topic)]
    await settle([first, second], [2, 2])
    await second.close({ leave: true })
    await eventually(() => expect(first.rejoinNeeded).to.equal(true))
    expect((await first.join()).partitions).to.have.length(4)
  })

  it('tells a member what the leader has for it, and a static one again when it is back', async function () {
    this.timeout(30_000)
    const topic = await newTopic(1)
    const groupId = `g-${randomUUID()}`
    const assign: GroupMemberOptions['assign'] = (members, counts) =>
      new Map(
        [...roundRobin(members, counts)].map(([id, share]) => [
          id,
          { ...share, userData: Buffer.from('hello') },
        ]),
      )
    const first = member(groupId, topic, { instanceId: 'pod-0', assign })
    expect((await first.join()).userData?.toString()).to.equal('hello')
    await first.close({ leave: false })
    const back = member(groupId, topic, { instanceId: 'pod-0', assign })
    expect((await back.join()).userData?.toString()).to.equal('hello')
  })

  it('takes a static member back without a rebalance', async function () {
    this.timeout(30_000)
    const topic = await newTopic(4)
    const groupId = `g-${randomUUID()}`
    const first = member(groupId, topic, { instanceId: 'pod-0' })
    const second = member(groupId, topic, { instanceId: 'pod-1' })
    await settle([first, second], [2, 2])
    const { generation } = first
    await second.close({ leave: false })
    const back = member(groupId, topic, { instanceId: 'pod-1' })
    expect((await back.join()).partitions).to.have.length(2)
    expect(back.generation).to.equal(generation)
    expect(first.rejoinNeeded).to.equal(false)
  })

  it('keeps committed offsets for whoever comes next', async function () {
    this.timeout(30_000)
    const topic = await newTopic(2)
    const groupId = `g-${randomUUID()}`
    const first = member(groupId, topic)
    await first.join()
    await first.commit([{ topic, partition: 1, offset: 42 }])
    await first.close({ leave: true })
    const next = member(groupId, topic)
    const partitions = [0, 1].map((partition) => ({ topic, partition }))
    expect(await next.committed(partitions)).to.deep.equal([{ topic, partition: 1, offset: 42 }])
  })

  it('commits while it joins, as long as it stays the member that it was', async function () {
    this.timeout(30_000)
    const topic = await newTopic(4)
    const groupId = `g-${randomUUID()}`
    const [first, second] = [member(groupId, topic), member(groupId, topic)]
    await settle([first, second], [2, 2])
    const { memberId } = first
    const third = member(groupId, topic)
    const others = [third.join(), eventually(() => expect(second.rejoinNeeded).to.equal(true))]
    await eventually(() => expect(first.rejoinNeeded).to.equal(true))
    const joining = first.join()
    const at = { topic, partition: 0 }
    await first.commit([{ ...at, offset: 3 }], { memberId })
    expect(await first.committed([at])).to.deep.equal([{ ...at, offset: 3 }])
    await others[1]
    await Promise.all([joining, second.join(), others[0]])
    expect((await joining).memberId).to.equal(memberId)
    await first.commit([{ ...at, offset: 4 }], { memberId })
    expect(await first.committed([at])).to.deep.equal([{ ...at, offset: 4 }])
  })

  it('rejects a commit of the member that it was before the group went on without it', async function () {
    this.timeout(30_000)
    const topic = await newTopic(2)
    const groupId = `g-${randomUUID()}`
    const first = member(groupId, topic, { rebalanceTimeoutMs: 2000 })
    const { memberId } = await first.join()
    const second = member(groupId, topic, { rebalanceTimeoutMs: 2000 })
    await second.join() // first does not rejoin in time and is left out
    const [again] = await Promise.all([first.join(), second.join()])
    expect(again.memberId).not.to.equal(memberId)
    const late = first.commit([{ topic, partition: 0, offset: 1 }], { memberId })
    expect(await late.catch((error: unknown) => error)).to.be.instanceOf(CommitRejected)
  })

  it('rejects a commit of an earlier generation', async function () {
    this.timeout(30_000)
    const topic = await newTopic(2)
    const groupId = `g-${randomUUID()}`
    const first = member(groupId, topic, { rebalanceTimeoutMs: 2000 })
    await first.join()
    const second = member(groupId, topic, { rebalanceTimeoutMs: 2000 })
    await second.join() // first does not rejoin in time and is left out
    const failure = await first.commit([{ topic, partition: 0, offset: 1 }]).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(failure).to.be.instanceOf(CommitRejected)
    expect(first.rejoinNeeded).to.equal(true)
  })
}
