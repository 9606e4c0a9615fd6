import { expect } from 'chai'
import { KafkaConnections } from '../../runtime/broker/kafka-connections.ts'
import { KafkaDenials } from '../../runtime/broker/kafka-denials.ts'
import { KafkaMetadata } from '../../runtime/broker/kafka-metadata.ts'
import { KafkaProducer } from '../../runtime/broker/kafka-producer.ts'
import { IdempotentSession } from '../../runtime/broker/kafka-producer-session.ts'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { systemClock } from '../../runtime/platform/clock.ts'
import { silentLogger } from '../../runtime/platform/silent-logger.ts'
import { batchOf, read } from '../support/seen-records.ts'
import { refuseProduce } from '../kafka/wire.ts'
import { eventually } from '../support/eventually.ts'
import { type FaultyBroker, failureOf, MAX_REQUEST_BYTES, numbers } from './faulty-broker.ts'

/** What a producer gets over, and what it says of what it does not. */
export function producerFaults(given: () => FaultyBroker): void {
  describe('the producer', () => {
    let faulty: FaultyBroker

    beforeEach(() => {
      faulty = given()
    })

    it('writes each batch once, in order, when acknowledgements are lost', async () => {
      const at = await faulty.newTopic()
      const out = faulty.track(faulty.broker.producer())
      out.send(at, batchOf(['0']))
      await out.flush()
      faulty.proxy.traffic = 'no replies'
      const before = faulty.proxy.received
      for (const value of ['1', '2', '3', '4', '5', '6', '7']) out.send(at, batchOf([value]))
      await eventually(() => expect(faulty.proxy.received).to.be.greaterThan(before + 100))
      faulty.proxy.traffic = 'pass'
      faulty.proxy.cut()
      out.send(at, batchOf(['8']))
      await out.flush()
      await faulty.expectOnceInOrder(at, 9)
    })

    const answers = [
      ['NOT_LEADER_OR_FOLLOWER', 6],
      ['REQUEST_TIMED_OUT', 7],
      ['NOT_ENOUGH_REPLICAS', 19],
      ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 20],
      ['OUT_OF_ORDER_SEQUENCE_NUMBER', 45],
      ['INVALID_PRODUCER_EPOCH', 47],
      ['UNKNOWN_PRODUCER_ID', 59],
    ] as const
    for (const [name, code] of answers) {
      it(`keeps order and doubles nothing after ${name}`, async () => {
        const at = await faulty.newTopic()
        const out = faulty.track(faulty.broker.producer())
        out.send(at, batchOf(['0']))
        await out.flush()
        faulty.proxy.intercept = refuseProduce(at, [code, code])
        for (let value = 1; value < 20; value++) out.send(at, batchOf([`${value}`]))
        await out.flush()
        await faulty.expectOnceInOrder(at, 20)
      })
    }

    it('goes on past sequence 2^31 - 1', async () => {
      const at = await faulty.newTopic()
      const connections = new KafkaConnections({
        bootstrapServers: faulty.kafka.bootstrapServers,
        clientId: 'wrap',
        security: {},
        clock: systemClock,
        random: Math.random,
        log: silentLogger,
      })
      const metadata = new KafkaMetadata(connections)
      const firstSequence = 2 ** 31 - 4
      const denials = new KafkaDenials(systemClock)
      const out = faulty.track(
        new KafkaProducer({
          ...{ connections, metadata, clock: systemClock, denials, firstSequence },
          session: new IdempotentSession({ metadata, denials }),
        }),
      )
      out.send(at, batchOf(['0', '1', '2']))
      await out.flush()
      faulty.proxy.intercept = refuseProduce(at, [7])
      out.send(at, batchOf(['3', '4']))
      out.send(at, batchOf(['5']))
      await out.flush()
      await faulty.expectOnceInOrder(at, 6)
    })

    it('cuts a batch into pieces that the topic takes', async () => {
      const at = await faulty.newTopic({ 'max.message.bytes': '2000' })
      const out = faulty.track(faulty.broker.producer())
      const builder = new RecordBatchBuilder()
      for (const value of numbers(300)) builder.append(1000, null, Buffer.from(value))
      out.send(at, builder.build())
      out.send(at, batchOf(['300']))
      await out.flush()
      await faulty.expectOnceInOrder(at, 301)
    })

    it('names the topic, the size and the limit of a record that is too large', async () => {
      const at = await faulty.newTopic({ 'max.message.bytes': '2000' })
      const out = faulty.track(faulty.broker.producer())
      out.send(at, batchOf(['x'.repeat(3000)]))
      const failure = await failureOf(out.flush())
      expect(failure?.code).to.equal('MESSAGE_TOO_LARGE')
      expect(failure?.message).to.match(
        /^a record of 3\d{3} bytes is larger than max\.message\.bytes of topic t-.* \(2000\): raise max\.message\.bytes/,
      )
      out.send(at, batchOf(['0']))
      await out.flush()
      await faulty.expectOnceInOrder(at, 1)
    })

    it('cuts a batch into pieces of which brokers read the requests', async () => {
      const at = await faulty.newTopic({ 'max.message.bytes': '10000000' })
      const out = faulty.track(faulty.broker.producer())
      const sent = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(1_000_000))
      out.send(at, batchOf(sent))
      out.send(at, batchOf(['last']))
      await out.flush()
      const seen = await read(faulty.readerOf(at), sent.length + 1)
      expect(seen.map(({ value }) => value)).to.deep.equal([...sent, 'last'])
    })

    it('names the limit of the brokers that a record is beyond, on which they only hang up', async () => {
      const at = await faulty.newTopic({ 'max.message.bytes': '10000000' })
      const out = faulty.track(faulty.broker.producer())
      out.send(at, batchOf(['x'.repeat(MAX_REQUEST_BYTES)]))
      const failure = await failureOf(out.flush())
      expect(failure?.message).to.match(
        /^a record of 30000\d\d bytes is larger than socket\.request\.max\.bytes of the brokers \(2998976\): raise/,
      )
      out.send(at, batchOf(['0']))
      await out.flush()
      await faulty.expectOnceInOrder(at, 1)
    })

    it('outlasts a connection that goes silent in the middle', async () => {
      const at = await faulty.newTopic()
      const out = faulty.track(faulty.broker.producer())
      out.send(at, batchOf(['0']))
      await out.flush()
      faulty.proxy.traffic = 'blackhole'
      out.send(at, batchOf(['1']))
      faulty.proxy.cut()
      faulty.proxy.traffic = 'pass'
      await out.flush()
      await faulty.expectOnceInOrder(at, 2)
    })
  })
}
