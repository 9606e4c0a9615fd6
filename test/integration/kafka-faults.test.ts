import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import type { Admin } from 'kafkajs'
import { at as header } from '../../runtime/broker/batch-header.ts'
import type { Fetcher, TopicPartition, TransactionalProducer } from '../../runtime/broker/broker.ts'
import {
  type BrokerError,
  CommitRejected,
  ProducerFenced,
  TransactionFailed,
} from '../../runtime/broker/errors.ts'
import { KafkaBroker } from '../../runtime/broker/kafka-broker.ts'
import { KafkaConnections } from '../../runtime/broker/kafka-connections.ts'
import { KafkaDenials } from '../../runtime/broker/kafka-denials.ts'
import { KafkaMetadata } from '../../runtime/broker/kafka-metadata.ts'
import { KafkaProducer } from '../../runtime/broker/kafka-producer.ts'
import { IdempotentSession } from '../../runtime/broker/kafka-producer-session.ts'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { systemClock } from '../../runtime/platform/clock.ts'
import { silentLogger } from '../../runtime/platform/logger.ts'
import { batchOf, read, recordsOf } from '../contract/broker.ts'
import { deleteRecordsBefore } from '../kafka/delete-records.ts'
import { connectedAdmin } from '../kafka/admin.ts'
import { missingForKafka } from '../kafka/jars.ts'
import { type RunningKafka, startKafka } from '../kafka/kafka.ts'
import { ADD_PARTITIONS_TO_TXN, apiKeyOf, END_TXN, refuseProduce } from '../kafka/wire.ts'
import { eventually } from '../support/eventually.ts'
import { requireOrSkip } from '../support/skip.ts'
import type { TcpProxy } from '../support/tcp-proxy.ts'

const MAX_REQUEST_BYTES = 3_000_000

describe('runtime/broker/kafka-*.ts when things go wrong', function () {
  this.timeout(60_000)
  let kafka: RunningKafka
  let proxy: TcpProxy
  let broker: KafkaBroker
  let admin: Admin
  const opened: { close(): Promise<void> }[] = []

  before(async function () {
    this.timeout(120_000)
    requireOrSkip(this, await missingForKafka())
    const properties = [`socket.request.max.bytes=${MAX_REQUEST_BYTES}`]
    kafka = await startKafka({ proxied: true, properties })
    proxy = kafka.brokers[0]?.proxy as TcpProxy
    const { bootstrapServers } = kafka
    broker = new KafkaBroker({ bootstrapServers, clientId: 'faults' })
    admin = await connectedAdmin(bootstrapServers)
  })

  afterEach(async () => {
    proxy.traffic = 'pass'
    proxy.intercept = undefined
    await Promise.all(opened.splice(0).map((client) => client.close()))
  })

  after(async () => {
    await admin?.disconnect()
    await broker?.close()
    await kafka?.stop()
  })

  function track<T extends { close(): Promise<void> }>(client: T): T {
    opened.push(client)
    return client
  }

  async function newTopic(config: Readonly<Record<string, string>> = {}): Promise<TopicPartition> {
    const topic = `t-${randomUUID()}`
    await broker.admin.createTopics([{ name: topic, partitions: 1, config }])
    await eventually(async () =>
      expect((await broker.admin.describeTopics([topic])).has(topic)).to.equal(true),
    )
    return { topic, partition: 0 }
  }

  function readerOf(at: TopicPartition, offset = 0): Fetcher {
    const reader = track(broker.fetcher({ maxBytes: 1 << 20 }))
    reader.assign({ ...at, offset })
    return reader
  }

  const numbers = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${index}`)

  async function expectOnceInOrder(at: TopicPartition, count: number): Promise<void> {
    const seen = await read(readerOf(at), count)
    expect(seen.map(({ value }) => value)).to.deep.equal(numbers(count))
    const [end] = await broker.admin.listOffsets([at], 'latest')
    expect(end?.offset).to.equal(count)
  }

  const failureOf = (work: Promise<unknown>): Promise<BrokerError | undefined> =>
    work.then(
      () => undefined,
      (error: unknown) => error as BrokerError,
    )

  describe('the producer', () => {
    it('writes each batch once, in order, when acknowledgements are lost', async () => {
      const at = await newTopic()
      const out = track(broker.producer())
      out.send(at, batchOf(['0']))
      await out.flush()
      proxy.traffic = 'no replies'
      const before = proxy.received
      for (const value of ['1', '2', '3', '4', '5', '6', '7']) out.send(at, batchOf([value]))
      await eventually(() => expect(proxy.received).to.be.greaterThan(before + 100))
      proxy.traffic = 'pass'
      proxy.cut()
      out.send(at, batchOf(['8']))
      await out.flush()
      await expectOnceInOrder(at, 9)
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
        const at = await newTopic()
        const out = track(broker.producer())
        out.send(at, batchOf(['0']))
        await out.flush()
        proxy.intercept = refuseProduce(at, [code, code])
        for (let value = 1; value < 20; value++) out.send(at, batchOf([`${value}`]))
        await out.flush()
        await expectOnceInOrder(at, 20)
      })
    }

    it('goes on past sequence 2^31 - 1', async () => {
      const at = await newTopic()
      const connections = new KafkaConnections({
        bootstrapServers: kafka.bootstrapServers,
        clientId: 'wrap',
        security: {},
        clock: systemClock,
        random: Math.random,
        log: silentLogger,
      })
      const metadata = new KafkaMetadata(connections)
      const firstSequence = 2 ** 31 - 4
      const denials = new KafkaDenials(systemClock)
      const out = track(
        new KafkaProducer({
          ...{ connections, metadata, clock: systemClock, denials, firstSequence },
          session: new IdempotentSession({ metadata, denials }),
        }),
      )
      out.send(at, batchOf(['0', '1', '2']))
      await out.flush()
      proxy.intercept = refuseProduce(at, [7])
      out.send(at, batchOf(['3', '4']))
      out.send(at, batchOf(['5']))
      await out.flush()
      await expectOnceInOrder(at, 6)
    })

    it('cuts a batch into pieces that the topic takes', async () => {
      const at = await newTopic({ 'max.message.bytes': '2000' })
      const out = track(broker.producer())
      const builder = new RecordBatchBuilder()
      for (const value of numbers(300)) builder.append(1000, null, Buffer.from(value))
      out.send(at, builder.build())
      out.send(at, batchOf(['300']))
      await out.flush()
      await expectOnceInOrder(at, 301)
    })

    it('names the topic, the size and the limit of a record that is too large', async () => {
      const at = await newTopic({ 'max.message.bytes': '2000' })
      const out = track(broker.producer())
      out.send(at, batchOf(['x'.repeat(3000)]))
      const failure = await failureOf(out.flush())
      expect(failure?.code).to.equal('MESSAGE_TOO_LARGE')
      expect(failure?.message).to.match(
        /^a record of 3\d{3} bytes is larger than max\.message\.bytes of topic t-.* \(2000\): raise max\.message\.bytes/,
      )
      out.send(at, batchOf(['0']))
      await out.flush()
      await expectOnceInOrder(at, 1)
    })

    it('cuts a batch into pieces of which brokers read the requests', async () => {
      const at = await newTopic({ 'max.message.bytes': '10000000' })
      const out = track(broker.producer())
      const sent = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(1_000_000))
      out.send(at, batchOf(sent))
      out.send(at, batchOf(['last']))
      await out.flush()
      const seen = await read(readerOf(at), sent.length + 1)
      expect(seen.map(({ value }) => value)).to.deep.equal([...sent, 'last'])
    })

    it('names the limit of the brokers that a record is beyond, on which they only hang up', async () => {
      const at = await newTopic({ 'max.message.bytes': '10000000' })
      const out = track(broker.producer())
      out.send(at, batchOf(['x'.repeat(MAX_REQUEST_BYTES)]))
      const failure = await failureOf(out.flush())
      expect(failure?.message).to.match(
        /^a record of 30000\d\d bytes is larger than socket\.request\.max\.bytes of the brokers \(2998976\): raise/,
      )
      out.send(at, batchOf(['0']))
      await out.flush()
      await expectOnceInOrder(at, 1)
    })

    it('outlasts a connection that goes silent in the middle', async () => {
      const at = await newTopic()
      const out = track(broker.producer())
      out.send(at, batchOf(['0']))
      await out.flush()
      proxy.traffic = 'blackhole'
      out.send(at, batchOf(['1']))
      proxy.cut()
      proxy.traffic = 'pass'
      await out.flush()
      await expectOnceInOrder(at, 2)
    })
  })

  describe('a transaction', () => {
    async function transactional(): Promise<TransactionalProducer> {
      const transactionalId = `x-${randomUUID()}`
      const out = track(
        broker.transactionalProducer({ transactionalId, transactionTimeoutMs: 60_000 }),
      )
      await out.takeOver()
      return out
    }

    async function commitOne(out: TransactionalProducer, to: TopicPartition, value: string) {
      out.send(to, batchOf([value]))
      await out.commit()
    }

    /** Values with the epochs under which they were written. */
    async function written(at: TopicPartition, count: number) {
      const seen: (readonly [value: string | null, epoch: number])[] = []
      const reader = readerOf(at)
      await eventually(async () => {
        for (const fetched of await reader.poll(200))
          for (const batch of fetched.batches) {
            const epoch = batch.bytes.readInt16BE(header.producerEpoch)
            const records = recordsOf({ ...fetched, batches: [batch] })
            seen.push(...records.map(({ value }) => [value, epoch] as const))
          }
        expect(seen).to.have.length.at.least(count)
      })
      return seen
    }

    for (const [name, key] of [
      ['that adds a partition', ADD_PARTITIONS_TO_TXN],
      ['that commits', END_TXN],
    ] as const) {
      it(`goes through when the answer to the request ${name} is lost, and the next has a new epoch`, async () => {
        const at = await newTopic()
        const out = await transactional()
        await commitOne(out, at, '0')
        let before = Infinity
        proxy.intercept = (request) => {
          if (apiKeyOf(request) !== key) return undefined
          proxy.traffic = 'no replies'
          before = proxy.received
          return undefined
        }
        const committed = commitOne(out, at, '1')
        await eventually(() => expect(proxy.received).to.be.greaterThan(before))
        proxy.intercept = undefined
        proxy.traffic = 'pass'
        proxy.cut()
        await committed
        await commitOne(out, at, '2')
        await commitOne(out, at, '3')
        expect(await written(at, 4)).to.deep.equal([
          ['0', 0],
          ['1', 0],
          ['2', 1],
          ['3', 1],
        ])
      })
    }

    const refusals = [
      ['OUT_OF_ORDER_SEQUENCE_NUMBER', 45, TransactionFailed],
      ['INVALID_PRODUCER_EPOCH', 47, ProducerFenced],
      ['INVALID_TXN_STATE', 48, TransactionFailed],
      ['UNKNOWN_PRODUCER_ID', 59, TransactionFailed],
    ] as const
    for (const [name, code, thrown] of refusals) {
      it(`is aborted as a whole after ${name}, and the next one is not`, async () => {
        const at = await newTopic()
        const out = await transactional()
        await commitOne(out, at, '0')
        out.send(at, batchOf(['lost']))
        await out.flush()
        proxy.intercept = refuseProduce(at, [code])
        out.send(at, batchOf(['lost']))
        expect(await failureOf(out.flush())).to.be.instanceOf(thrown)
        await out.abort()
        await commitOne(out, at, '1')
        const values = (await written(at, 2)).map(([value]) => value)
        expect(values).to.deep.equal(['0', '1'])
      })
    }
  })

  it('obeys a quota, and counts for how long', async () => {
    const at = await newTopic()
    const clientId = `quota-${randomUUID()}`
    const bootstrap = ['--bootstrap-server', kafka.bootstrapServers.join(',')]
    const entity = ['--entity-type', 'clients', '--entity-name', clientId]
    const rates = ['--add-config', 'producer_byte_rate=8000,consumer_byte_rate=8000']
    await kafka.javaTool('kafka.admin.ConfigCommand', [
      ...bootstrap,
      '--alter',
      ...entity,
      ...rates,
    ])
    const limited = track(new KafkaBroker({ bootstrapServers: kafka.bootstrapServers, clientId }))
    const [out, reader] = [track(limited.producer()), track(limited.fetcher({ maxBytes: 10_000 }))]
    reader.assign({ ...at, offset: 0 })
    const values = numbers(20).map((value) => value.padEnd(5000))
    for (const value of values) {
      out.send(at, batchOf([value]))
      await out.flush()
    }
    expect(out.throttledMs).to.be.greaterThan(0)
    const seen = await read(reader, 20)
    expect(seen.map(({ value }) => value)).to.deep.equal(values)
    await eventually(() => expect(reader.throttledMs).to.be.greaterThan(0))
  })

  describe('connections', () => {
    it('pass over a server that accepts and never answers', async () => {
      const at = await newTopic()
      const mute = createServer(() => undefined)
      await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
      const first = `127.0.0.1:${(mute.address() as AddressInfo).port}`
      const through = new KafkaBroker({
        bootstrapServers: [first, ...kafka.bootstrapServers],
        clientId: 'mute',
      })
      const found = await through.admin.describeTopics([at.topic])
      expect([...found.keys()]).to.deep.equal([at.topic])
      await through.close()
      mute.close()
    })

    it('close at once although the peer no longer reads', async () => {
      const at = await newTopic()
      const out = broker.producer()
      out.send(at, batchOf(['0']))
      await out.flush()
      proxy.traffic = 'blackhole'
      for (let index = 0; index < 20; index++) out.send(at, batchOf(['x'.repeat(500_000)]))
      const started = performance.now()
      await out.close()
      expect(performance.now() - started).to.be.lessThan(2000)
      expect((await failureOf(out.flush()))?.code).to.equal('CLOSED')
      proxy.cut()
    })

    it('are not tried more often than the pause between attempts allows', async () => {
      const refusing = createServer((socket) => socket.destroy())
      let attempts = 0
      refusing.on('connection', () => attempts++)
      await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve))
      const { port } = refusing.address() as AddressInfo
      const lost = new KafkaBroker({ bootstrapServers: [`127.0.0.1:${port}`], clientId: 'lost' })
      const reader = track(lost.fetcher({ maxBytes: 1000 }))
      reader.assign({ topic: 'none', partition: 0, offset: 0 })
      await reader.poll(3000)
      expect(attempts).to.be.within(3, 12)
      await lost.close()
      refusing.close()
    })
  })

  describe('the fetcher', () => {
    it('goes on after a connection that went silent, each record once', async () => {
      const at = await newTopic()
      const out = track(broker.producer())
      const reader = readerOf(at)
      out.send(at, batchOf(['0']))
      await out.flush()
      expect(await read(reader, 1)).to.have.length(1)
      proxy.traffic = 'no replies'
      await reader.poll(1000)
      proxy.traffic = 'pass'
      out.send(at, batchOf(['1', '2']))
      await out.flush()
      // The fetch whose answer was lost is given up after ten seconds.
      const seen = await read(reader, 2)
      expect(seen.map(({ value }) => value)).to.deep.equal(['1', '2'])
    })

    it('returns no more than its budget and serves every partition', async () => {
      const topic = `t-${randomUUID()}`
      await broker.admin.createTopics([{ name: topic, partitions: 4 }])
      const out = track(broker.producer())
      const value = 'x'.repeat(10_000)
      for (let partition = 0; partition < 4; partition++) {
        for (let batch = 0; batch < 30; batch++) out.send({ topic, partition }, batchOf([value]))
      }
      await out.flush()
      const reader = track(broker.fetcher({ maxBytes: 100_000 }))
      for (let partition = 0; partition < 4; partition++)
        reader.assign({ topic, partition, offset: 0 })
      const served: number[] = []
      let seen = 0
      while (seen < 120) {
        const polled = await reader.poll(1000)
        const bytes = polled
          .flatMap(({ batches }) => batches)
          .reduce((sum, b) => sum + b.bytes.length, 0)
        expect(bytes).to.be.at.most(110_000)
        for (const fetched of polled) {
          served.push(fetched.partition)
          seen += recordsOf(fetched).length
        }
      }
      expect(new Set(served.slice(0, 8)).size).to.equal(4)
    })

    it('says which records were deleted before they were read', async () => {
      const at = await newTopic()
      const out = track(broker.producer())
      out.send(at, batchOf(numbers(10)))
      await out.flush()
      await deleteRecordsBefore(kafka, { ...at, offset: 6 })
      const reader = readerOf(at, 2)
      const failure = await eventually(async () => {
        const error = await failureOf(reader.poll(200))
        expect(error).to.be.instanceOf(Error)
        return error
      })
      expect(failure?.message).to.contain(
        `${at.topic}-0@2 is not in the log: offsets 2 to 5 were removed by retention or deleted before they were read, 6 is the first one left`,
      )
    })

    it('does not read on in a topic that was deleted and created anew', async () => {
      const at = await newTopic()
      const out = track(broker.producer())
      out.send(at, batchOf(numbers(3)))
      await out.flush()
      const reader = readerOf(at)
      await read(reader, 3)
      await admin.deleteTopics({ topics: [at.topic] })
      await eventually(() =>
        broker.admin.createTopics([{ name: at.topic, partitions: 1 }]).then(async () => {
          expect((await broker.admin.describeTopics([at.topic])).has(at.topic)).to.equal(true)
        }),
      )
      const again = track(broker.producer())
      again.send(at, batchOf(numbers(10)))
      await again.flush()
      const failure = await eventually(async () => {
        const error = await failureOf(reader.poll(200))
        expect(error).to.be.instanceOf(Error)
        return error
      })
      expect(failure?.code).to.equal('TOPIC_RECREATED')
    })
  })

  describe('a group member', () => {
    const assign = (members: readonly { readonly memberId: string }[], topic: string) =>
      new Map(
        members.map(({ memberId }, index) => [
          memberId,
          { partitions: index === 0 ? [{ topic, partition: 0 }] : [] },
        ]),
      )

    function member(topic: string, groupId: string, instanceId?: string) {
      const one = broker.groupMember({
        groupId,
        topics: [topic],
        ...(instanceId === undefined ? {} : { instanceId }),
        assign: (members) => assign(members, topic),
        sessionTimeoutMs: 6000,
        rebalanceTimeoutMs: 10_000,
      })
      track({ close: () => one.close({ leave: true }) })
      return one
    }

    it('knows by itself that its session is over when the coordinator is silent', async () => {
      const at = await newTopic()
      const one = member(at.topic, `g-${randomUUID()}`)
      await one.join()
      proxy.traffic = 'no replies'
      const woken = new Promise<void>((resolve) => (one.onRejoinNeeded = resolve))
      await woken
      const failure = await failureOf(one.commit([{ ...at, offset: 1 }]))
      expect(failure).to.be.instanceOf(CommitRejected)
      proxy.traffic = 'pass'
      expect((await one.join()).partitions).to.have.length(1)
      await one.commit([{ ...at, offset: 1 }])
      expect(await one.committed([at])).to.deep.equal([{ ...at, offset: 1 }])
    })

    it('commits across a lost connection', async () => {
      const at = await newTopic()
      const one = member(at.topic, `g-${randomUUID()}`)
      await one.join()
      proxy.cut()
      await one.commit([{ ...at, offset: 7 }])
      proxy.cut()
      expect(await one.committed([at])).to.deep.equal([{ ...at, offset: 7 }])
    })

    it('stops when another process takes its instance id', async () => {
      const at = await newTopic()
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
})
