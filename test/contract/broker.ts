import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Broker, GroupMember } from '../../runtime/broker/broker.ts'
import { eventually } from '../support/eventually.ts'
import { fetcherContract } from './fetcher.ts'
import { groupContract, roundRobin } from './group.ts'
import { logContract } from './log.ts'
import { recordContract } from './records.ts'
import type { ContractTools } from './tools.ts'
import { transactionContract } from './transactions.ts'

/** What every implementation of the broker port must do. */
export function brokerContract(connect: () => Promise<Broker>): void {
  let broker: Broker
  const opened: { close(): Promise<void> }[] = []
  const members: GroupMember[] = []

  const tools: ContractTools = {
    broker: () => broker,
    track(client) {
      opened.push(client)
      return client
    },
    async newTopic(partitions = 1) {
      const name = `t-${randomUUID()}`
      await broker.admin.createTopics([{ name, partitions, replicationFactor: 1 }])
      await eventually(async () =>
        expect((await broker.admin.describeTopics([name])).get(name)?.partitions).to.equal(
          partitions,
        ),
      )
      return name
    },
    fetcher: () => tools.track(broker.fetcher({ maxBytes: 1 << 20 })),
    producer: () => tools.track(broker.producer()),
    member(groupId, topic, extra = {}) {
      const created = broker.groupMember({
        groupId,
        topics: [topic],
        assign: roundRobin,
        sessionTimeoutMs: 6000,
        rebalanceTimeoutMs: 10_000,
        ...extra,
      })
      members.push(created)
      return created
    },
  }

  before(async () => {
    broker = await connect()
  })

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((client) => client.close()))
    await Promise.all(members.splice(0).map((one) => one.close({ leave: true })))
  })

  after(() => broker.close())

  describe('the log', () => logContract(tools))
  describe('records', () => recordContract(tools))
  describe('the fetcher', () => fetcherContract(tools))
  describe('a transaction', () => transactionContract(tools))
  describe('the group', () => groupContract(tools))
}
