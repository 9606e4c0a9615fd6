import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { CommitRejected } from '../../runtime/broker/errors.ts'
import { type FaultyBroker, failureOf } from './faulty-broker.ts'

/** What a member of a group finds out when its coordinator does not tell it. */
export function groupMemberFaults(given: () => FaultyBroker): void {
  describe('a group member', () => {
    let faulty: FaultyBroker

    beforeEach(() => {
      faulty = given()
    })

    const assign = (members: readonly { readonly memberId: string }[], topic: string) =>
      new Map(
        members.map(({ memberId }, index) => [
          memberId,
          { partitions: index === 0 ? [{ topic, partition: 0 }] : [] },
        ]),
      )

    function member(topic: string, groupId: string, instanceId?: string) {
      const one = faulty.broker.groupMember({
        groupId,
        topics: [topic],
        ...(instanceId === undefined ? {} : { instanceId }),
        assign: (members) => assign(members, topic),
        sessionTimeoutMs: 6000,
        rebalanceTimeoutMs: 10_000,
      })
      faulty.track({ close: () => one.close({ leave: true }) })
      return one
    }

    it('knows by itself that its session is over when the coordinator is silent', async () => {
      const at = await faulty.newTopic()
      const one = member(at.topic, `g-${randomUUID()}`)
      await one.join()
      faulty.proxy.traffic = 'no replies'
      const woken = new Promise<void>((resolve) => (one.onRejoinNeeded = resolve))
      await woken
      const failure = await failureOf(one.commit([{ ...at, offset: 1 }]))
      expect(failure).to.be.instanceOf(CommitRejected)
      faulty.proxy.traffic = 'pass'
      expect((await one.join()).partitions).to.have.length(1)
      await one.commit([{ ...at, offset: 1 }])
      expect(await one.committed([at])).to.deep.equal([{ ...at, offset: 1 }])
    })

    it('commits across a lost connection', async () => {
      const at = await faulty.newTopic()
      const one = member(at.topic, `g-${randomUUID()}`)
      await one.join()
      faulty.proxy.cut()
      await one.commit([{ ...at, offset: 7 }])
      faulty.proxy.cut()
      expect(await one.committed([at])).to.deep.equal([{ ...at, offset: 7 }])
    })

    it('leaves while it waits for the others of its group', async () => {
      const at = await faulty.newTopic()
      const groupId = `g-${randomUUID()}`
      const first = member(at.topic, groupId, 'pod-0')
      const second = member(at.topic, groupId, 'pod-1')
      await first.join()
      const woken = new Promise<void>((resolve) => (first.onRejoinNeeded = resolve))
      const joining = failureOf(second.join())
      await woken
      await second.close({ leave: true })
      expect((await joining)?.code).to.equal('CLOSED')
      await first.join()
      const { groups } = await faulty.admin.describeGroups([groupId])
      expect(groups[0]?.members).to.have.length(1)
    })

    it('stops when another process takes its instance id', async () => {
      const at = await faulty.newTopic()
      const groupId = `g-${randomUUID()}`
      const first = member(at.topic, groupId, 'pod-0')
      await first.join()
      const fenced = new Promise<void>((resolve) => (first.onRejoinNeeded = resolve))
      await member(at.topic, groupId, 'pod-0').join()
      await fenced
      const failure = await failureOf(first.join())
      expect(failure?.code).to.equal('FENCED_INSTANCE_ID')
      expect(failure?.message).to.contain(`another process runs as "pod-0" in group ${groupId}`)
    })
  })
}
