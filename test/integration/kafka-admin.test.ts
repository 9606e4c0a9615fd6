import { expect } from 'chai'
import { KafkajsAdmin } from '../../operator/kafka/kafkajs-admin.ts'
import { missingForKafka } from '../kafka/jars.ts'
import { sharedKafka } from '../kafka/shared.ts'
import { eventually } from '../support/eventually.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { requireOrSkip } from '../support/skip.ts'

describe('operator/kafka/kafkajs-admin.ts on a real Kafka', function () {
  this.timeout(60_000)
  const clients: KafkajsAdmin[] = []
  let servers: readonly string[]

  before(async function () {
    requireOrSkip(this, await missingForKafka())
    servers = (await sharedKafka()).bootstrapServers
  })

  after(() => Promise.all(clients.map((client) => client.close())))

  const connect = () => {
    const client = new KafkajsAdmin({ kafka: { bootstrapServers: [...servers] }, secrets: {} })
    clients.push(client)
    return client
  }
  const topic = (name: string) => ({ name, partitions: 1, replicationFactor: 1, config: {} })

  it('goes on when somebody else deletes a topic that it was asked about', async () => {
    const [ours, theirs] = [connect(), connect()]
    await ours.createTopic(topic('stays'))
    await ours.createTopic(topic('goes'))
    await eventually(async () => {
      expect(await ours.lag('nobody', ['goes'])).to.equal(0)
    })
    await theirs.deleteTopic('goes')
    await eventually(async () => {
      expect([...(await theirs.describeTopics(['goes', 'stays'])).keys()]).to.deep.equal(['stays'])
    })
    expect([...(await ours.describeTopics(['goes', 'stays'])).keys()]).to.deep.equal(['stays'])
    await ours.deleteTopic('stays')
  })

  it('keeps no connection once it is closed, and still answers who asks it', async () => {
    const proxy = await TcpProxy.to(Number(servers[0]?.split(':')[1]))
    const kafka = { bootstrapServers: [`127.0.0.1:${proxy.port}`] }
    const admin = new KafkajsAdmin({ kafka, secrets: {} })
    const asked = admin.listTopics('')
    await admin.close()
    await asked
    await eventually(() => expect(proxy.connections).to.equal(0))
    await admin.listTopics('')
    expect(proxy.accepted).to.be.at.least(2)
    await eventually(() => expect(proxy.connections).to.equal(0))
    await proxy.close()
  })
})
