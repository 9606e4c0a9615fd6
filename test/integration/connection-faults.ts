import { type AddressInfo, createServer } from 'node:net'
import { expect } from 'chai'
import { KafkaBroker } from '../../runtime/broker/kafka-broker.ts'
import { batchOf } from '../support/seen-records.ts'
import { type FaultyBroker, failureOf } from './faulty-broker.ts'

/** Peers that are silent, gone or refuse. */
export function connectionFaults(given: () => FaultyBroker): void {
  describe('connections', () => {
    let faulty: FaultyBroker

    beforeEach(() => {
      faulty = given()
    })

    it('pass over a server that accepts and never answers', async () => {
      const at = await faulty.newTopic()
      const mute = createServer(() => undefined)
      await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
      const first = `127.0.0.1:${(mute.address() as AddressInfo).port}`
      const through = new KafkaBroker({
        bootstrapServers: [first, ...faulty.kafka.bootstrapServers],
        clientId: 'mute',
      })
      const found = await through.admin.describeTopics([at.topic])
      expect([...found.keys()]).to.deep.equal([at.topic])
      await through.close()
      mute.close()
    })

    it('close at once although the peer no longer reads', async () => {
      const at = await faulty.newTopic()
      const out = faulty.broker.producer()
      out.send(at, batchOf(['0']))
      await out.flush()
      faulty.proxy.traffic = 'blackhole'
      for (let index = 0; index < 20; index++) out.send(at, batchOf(['x'.repeat(500_000)]))
      const started = performance.now()
      await out.close()
      expect(performance.now() - started).to.be.lessThan(2000)
      expect((await failureOf(out.flush()))?.code).to.equal('CLOSED')
      faulty.proxy.cut()
    })

    it('are not tried more often than the pause between attempts allows', async () => {
      const refusing = createServer((socket) => socket.destroy())
      let attempts = 0
      refusing.on('connection', () => attempts++)
      await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve))
      const { port } = refusing.address() as AddressInfo
      const lost = new KafkaBroker({ bootstrapServers: [`127.0.0.1:${port}`], clientId: 'lost' })
      const reader = faulty.track(lost.fetcher({ maxBytes: 1000 }))
      reader.assign({ topic: 'none', partition: 0, offset: 0 })
      await reader.poll(3000)
      expect(attempts).to.be.within(3, 12)
      await lost.close()
      refusing.close()
    })
  })
}
