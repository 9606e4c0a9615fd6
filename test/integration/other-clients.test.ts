import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { KafkaMessage } from 'kafkajs'
import { type Compression, compressions } from '../../runtime/broker/compression.ts'
import { KafkaBroker } from '../../runtime/broker/kafka-broker.ts'
import { type RecordBatch, splitBatches } from '../../runtime/broker/record-batch.ts'
import { JavaClients, missingForJavaClients, type ReadRecord } from '../kafka/java-clients.ts'
import { asKafkajsHeaders, consumeByKafkajs, produceByKafkajs } from '../kafka/kafkajs-clients.ts'
import { sharedKafka } from '../kafka/shared.ts'
import { mutantOf, randomOf } from '../support/batch-mutants.ts'
import { eventually } from '../support/eventually.ts'
import { javaBatches } from '../support/java-batches.ts'
import {
  batchOf,
  bigRecords,
  fixtureRecords,
  manyRecords,
  oddRecords,
  recordsIn,
  type SampleRecord,
} from '../support/sample-records.ts'
import { requireOrSkip } from '../support/skip.ts'

const everything = [...oddRecords, ...bigRecords, ...manyRecords]

describe('other clients and ours on a real Kafka', function () {
  this.timeout(120_000)
  let bootstrapServers: readonly string[]
  let broker: KafkaBroker
  let java: JavaClients

  before(async function () {
    requireOrSkip(this, await missingForJavaClients())
    bootstrapServers = (await sharedKafka()).bootstrapServers
    broker = new KafkaBroker({ bootstrapServers, clientId: 'java-clients' })
    java = await JavaClients.start(bootstrapServers, (line) => console.log(`      ${line}`))
  })

  after(async () => {
    java?.stop()
    await broker?.close()
  })

  async function newTopic(config: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = `java-${randomUUID()}`
    await broker.admin.createTopics([{ name, partitions: 1, replicationFactor: 1, config }])
    return name
  }

  async function write(topic: string, batches: readonly Buffer[]): Promise<void> {
    const producer = broker.producer()
    for (const batch of batches) producer.send({ topic, partition: 0 }, batch)
    await producer.flush()
    await producer.close()
  }

  /** What our fetcher sees from an offset to the end; few `maxBytes` make for many fetches. */
  async function fetchAll(
    topic: string,
    { from = 0, maxBytes = 1 << 20 } = {},
  ): Promise<{ records: readonly ReadRecord[]; batches: readonly RecordBatch[] }> {
    const at = { topic, partition: 0 }
    const [end] = await broker.admin.listOffsets([at], 'latest')
    const fetcher = broker.fetcher({ maxBytes })
    fetcher.assign({ ...at, offset: from })
    const batches: RecordBatch[] = []
    await eventually(async () => {
      for (const fetched of await fetcher.poll(1000)) batches.push(...fetched.batches)
      expect(fetcher.position(at)).to.equal(end?.offset)
    })
    await fetcher.close()
    const records = batches.flatMap(recordsIn).filter(({ offset }) => offset >= from)
    return { records, batches }
  }

  for (const codec of compressions) {
    it(`we read what Java writes, ${codec}`, async () => {
      const topic = await newTopic()
      await java.produce(codec, topic, everything)
      const { records, batches } = await fetchAll(topic)
      expect(records).to.deep.equal(withOffsets(everything))
      expect(new Set(batches.map(({ compression }) => compression))).to.deep.equal(new Set([codec]))
    })

    it(`Java reads what we write, ${codec}`, async () => {
      const topic = await newTopic()
      await write(topic, ourBatches(codec))
      expect(await java.consume(topic)).to.deep.equal(withOffsets(everything))
    })
  }

  for (const codec of compressions) {
    it(`we read what kafkajs writes, ${codec}`, async () => {
      const topic = await newTopic()
      // Its headers are an object: a name that comes twice loses its place.
      const records = everything.filter(({ headers }) => headers.length < 2)
      await produceByKafkajs(bootstrapServers, topic, records, codec)
      const { records: read, batches } = await fetchAll(topic)
      expect(read).to.deep.equal(withOffsets(records))
      expect(batches[0]?.compression).to.equal(codec)
    })
  }

  it('kafkajs reads what we write, with every codec', async () => {
    const topics = await Promise.all(compressions.map(() => newTopic()))
    await Promise.all(topics.map((topic, n) => write(topic, ourBatches(compressions[n] ?? 'none'))))
    const count = topics.length * everything.length
    const read = await consumeByKafkajs(bootstrapServers, topics, count)
    for (const topic of topics) {
      const messages = read.filter((record) => record.topic === topic)
      expect(messages.map(({ message }) => plainOf(message))).to.deep.equal(
        withOffsets(everything).map((record) => ({
          ...record,
          headers: asKafkajsHeaders(record.headers),
        })),
      )
    }
  })

  it('the batches kept for the unit suite are what Java writes', async () => {
    for (const [codec, kept] of javaBatches()) {
      expect((await java.encode(codec, fixtureRecords)).equals(kept), codec).to.equal(true)
    }
  })

  it('what we accept of damaged batches, Java accepts for the same', async () => {
    const random = randomOf(7)
    const batches = [...javaBatches().values(), ...compressions.map((c) => batchOf(oddRecords, c))]
    const mutants = Array.from({ length: 5000 }, (_, n) =>
      mutantOf(batches[n % batches.length]!, random),
    )
    const accepted = mutants.flatMap(({ bytes }) => {
      const records = readOrRefuse(bytes)
      return records === undefined ? [] : [{ bytes, records }]
    })
    expect(accepted.length).to.be.greaterThan(200)
    const answers = await java.decode(accepted.map(({ bytes }) => bytes))
    answers.forEach((answer, n) => {
      // The records are the same; Java also minds bytes that follow the last compressed frame.
      if (typeof answer === 'string' && answer.includes('checking for remaining bytes')) return
      expect(accepted[n]?.records).to.deep.equal(answer)
    })
  })

  describe('transactions', () => {
    let topic: string

    before(async () => {
      topic = await newTopic()
      const send = (id: string, ...values: string[]) => java.sendIn(id, topic, valued(values))
      await java.transaction('a', 'begin')
      await send('a', 'a aborted 1', 'a aborted 2')
      await java.transaction('b', 'begin')
      await send('b', 'b committed 1')
      await java.transaction('a', 'abort')
      await java.transaction('a', 'begin')
      await send('a', 'a aborted 3')
      await java.produce('none', topic, valued(['outside 1']))
      await send('b', 'b committed 2')
      await java.transaction('b', 'commit')
      await send('a', 'a aborted 4')
      await java.transaction('b', 'begin')
      await send('b', 'b aborted 1')
      await java.transaction('a', 'abort')
      await java.transaction('a', 'begin')
      await send('a', 'a committed 1')
      await java.transaction('b', 'abort')
      await java.transaction('a', 'commit')
      await java.produce('none', topic, valued(['outside 2']))
      await java.transaction('a', 'begin')
      await send('a', 'a undecided')
      await java.produce('none', topic, valued(['outside 3, after an undecided one']))
    })

    it('are seen when committed, up to the first that is undecided', async () => {
      const { records } = await fetchAll(topic)
      expect(records.map(({ value }) => value?.toString())).to.deep.equal([
        'b committed 1',
        'outside 1',
        'b committed 2',
        'a committed 1',
        'outside 2',
      ])
    })

    it('look the same as to Java in however many fetches', async () => {
      const { records } = await fetchAll(topic, { maxBytes: 1 })
      expect(records).to.deep.equal(await java.consume(topic))
    })

    it('look the same as to Java from every offset', async () => {
      const all = await java.consume(topic)
      for (let from = 1; from <= (all.at(-1)?.offset ?? 0); from++) {
        const { records } = await fetchAll(topic, { from })
        expect(records, `from ${from}`).to.deep.equal(all.filter(({ offset }) => offset >= from))
      }
    })
  })

  it('a compacted topic looks the same as to Java', async () => {
    const topic = await newTopic({
      'cleanup.policy': 'compact',
      'segment.bytes': '4096',
      'min.cleanable.dirty.ratio': '0.01',
      'delete.retention.ms': '0',
    })
    const rounds = Array.from({ length: 8 }, (_, round) =>
      manyRecords.slice(round * 60, round * 60 + 60).map((record, n) => ({
        ...record,
        key: Buffer.from(`key-${n % 7}`),
        value: n % 7 === 3 ? null : record.value,
      })),
    )
    for (const records of rounds) await java.produce('lz4', topic, records)
    // The last segment is never compacted, so these take up the ones that come after the rounds.
    const fillers = [0, 1, 2].map((n) => ({ ...bigRecords[0]!, key: Buffer.from(`filler-${n}`) }))
    await write(
      topic,
      fillers.map((record) => batchOf([record, record, record], 'none')),
    )
    await eventually(
      async () => {
        const theirs = await java.consume(topic)
        expect((await fetchAll(topic)).records).to.deep.equal(theirs)
        expect(theirs.length).to.be.lessThan(100)
        expect(theirs.at(-1)?.offset).to.equal(8 * 60 + 9 - 1)
      },
      { timeoutMs: 30_000, everyMs: 250 },
    )
  })
})

const withOffsets = (records: readonly SampleRecord[]): ReadRecord[] =>
  records.map((record, offset) => ({ offset, ...record }))

/** Small ones, one of more than 64 KiB, and one with many records. */
const ourBatches = (codec: Compression): Buffer[] =>
  [oddRecords, bigRecords, manyRecords].map((records) => batchOf(records, codec))

const plainOf = ({ offset, timestamp, key, value, headers }: KafkaMessage) => ({
  offset: Number(offset),
  timestamp: Number(timestamp),
  key,
  value,
  headers,
})

const valued = (values: readonly string[]): SampleRecord[] =>
  values.map((value, n) => ({
    timestamp: 1_700_000_000_000 + n,
    key: Buffer.from('k'),
    value: Buffer.from(value),
    headers: [],
  }))

function readOrRefuse(bytes: Buffer): readonly ReadRecord[] | undefined {
  try {
    const batches = splitBatches(bytes)
    return batches.length === 0 ? undefined : batches.flatMap(recordsIn)
  } catch {
    return undefined
  }
}
