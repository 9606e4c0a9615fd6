import { randomUUID } from 'node:crypto'
import { setImmediate as immediate, setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type {
  Broker,
  FetchedPartition,
  Fetcher,
  GroupAssignor,
  GroupMember,
  GroupMemberOptions,
  ListedOffset,
  TopicPartition,
} from '../../runtime/broker/broker.ts'
import { CommitRejected, OffsetOutOfRange } from '../../runtime/broker/errors.ts'
import { headersAt, keyAt, valueAt } from '../../runtime/broker/record-batch.ts'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { eventually } from '../support/eventually.ts'
import { transactionContract } from './transactions.ts'

export interface SeenRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, string | null])[]
}

/** Records at or past the position, as a reader of `FetchedPartition` must take them. */
export function recordsOf({
  batches,
  position,
}: Omit<FetchedPartition, 'receivedAt'>): SeenRecord[] {
  return batches.flatMap((batch) => {
    const columns = batch.columns()
    return Array.from({ length: columns.count }, (_, index) => ({
      offset: batch.baseOffset + (columns.offsetDelta[index] ?? 0),
      timestamp: batch.timestamp(columns, index),
      key: keyAt(columns, index)?.toString() ?? null,
      value: valueAt(columns, index)?.toString() ?? null,
      headers: headersAt(columns, index).map(
        ([name, value]) => [name, value?.toString() ?? null] as const,
      ),
    })).filter(({ offset }) => offset >= position)
  })
}

/** As work does: nothing else of this thread has its turn. */
const blockThread = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

export async function read(fetcher: Fetcher, count: number): Promise<SeenRecord[]> {
  const seen: SeenRecord[] = []
  await eventually(
    async () => {
      for (const fetched of await fetcher.poll(200)) seen.push(...recordsOf(fetched))
      if (seen.length < count) throw new Error(`saw ${seen.length} of ${count} records`)
    },
    { timeoutMs: 15_000, everyMs: 1 },
  )
  return seen
}

export function batchOf(values: readonly string[], first = 0): Buffer {
  const builder = new RecordBatchBuilder()
  values.forEach((value, index) =>
    builder.append(1000 + first + index, Buffer.from(`k${index}`), Buffer.from(value)),
  )
  return builder.build()
}

const roundRobin: GroupAssignor = (members, counts) => {
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

/** What every implementation of the broker port must do. */
export function brokerContract(connect: () => Promise<Broker>): void {
  let broker: Broker
  const opened: { close(): Promise<void> }[] = []
  const fetcher = () => track(broker.fetcher({ maxBytes: 1 << 20 }))
  const producer = () => track(broker.producer())

  function track<T extends { close(): Promise<void> }>(client: T): T {
    opened.push(client)
    return client
  }

  async function newTopic(partitions = 1): Promise<string> {
    const name = `t-${randomUUID()}`
    await broker.admin.createTopics([{ name, partitions, replicationFactor: 1 }])
    await eventually(async () =>
      expect((await broker.admin.describeTopics([name])).get(name)?.partitions).to.equal(
        partitions,
      ),
    )
    return name
  }

  before(async () => {
    broker = await connect()
  })

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((client) => client.close()))
  })

  after(() => broker.close())

  describe('topics', () => {
    it('tells the partitions of a topic, and leaves out one that does not exist without creating it', async () => {
      const topic = await newTopic(3)
      const missing = `missing-${randomUUID()}`
      for (let round = 0; round < 2; round++) {
        const found = await broker.admin.describeTopics([topic, missing])
        expect([...found.keys()]).to.deep.equal([topic])
      }
    })

    it('leaves a topic that exists as it is', async () => {
      const topic = await newTopic(2)
      await broker.admin.createTopics([{ name: topic, partitions: 5, replicationFactor: 1 }])
      expect((await broker.admin.describeTopics([topic])).get(topic)?.partitions).to.equal(2)
    })
  })

  describe('records', () => {
    it('come back with keys, values, nulls, headers, timestamps and offsets', async () => {
      const topic = await newTopic()
      const builder = new RecordBatchBuilder()
      builder.append(5000, Buffer.from('a'), Buffer.from('1'), [
        ['h', Buffer.from('x')],
        ['n', null],
      ])
      builder.append(4000, null, Buffer.from('é'))
      builder.append(6000, Buffer.from(''), null)
      const out = producer()
      out.send({ topic, partition: 0 }, builder.build())
      await out.flush()
      const reader = fetcher()
      reader.assign({ topic, partition: 0, offset: 0 })
      expect(await read(reader, 3)).to.deep.equal([
        {
          offset: 0,
          timestamp: 5000,
          key: 'a',
          value: '1',
          headers: [
            ['h', 'x'],
            ['n', null],
          ],
        },
        { offset: 1, timestamp: 4000, key: null, value: 'é', headers: [] },
        { offset: 2, timestamp: 6000, key: '', value: null, headers: [] },
      ])
    })

    for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
      it(`come back from a ${compression} batch`, async () => {
        const topic = await newTopic()
        const builder = new RecordBatchBuilder()
        for (let index = 0; index < 500; index++)
          builder.append(index, null, Buffer.from(`value ${index}`))
        const out = producer()
        out.send({ topic, partition: 0 }, builder.build(compression))
        await out.flush()
        const reader = fetcher()
        reader.assign({ topic, partition: 0, offset: 0 })
        const values = (await read(reader, 500)).map((record) => record.value)
        expect(values).to.deep.equal(Array.from({ length: 500 }, (_, index) => `value ${index}`))
      })
    }

    it('keep their order over many batches of a partition', async () => {
      const topic = await newTopic(2)
      const out = producer()
      for (let batch = 0; batch < 50; batch++) {
        out.send({ topic, partition: 0 }, batchOf([`${batch}`]))
        out.send({ topic, partition: 1 }, batchOf([`${batch}`]))
      }
      await out.flush()
      expect(out.pendingBytes).to.equal(0)
      const reader = fetcher()
      reader.assign({ topic, partition: 1, offset: 0 })
      const values = (await read(reader, 50)).map((record) => Number(record.value))
      expect(values).to.deep.equal(Array.from({ length: 50 }, (_, index) => index))
    })

    it('start in the middle of a batch when the position says so', async () => {
      const topic = await newTopic()
      const out = producer()
      out.send({ topic, partition: 0 }, batchOf(['a', 'b', 'c']))
      await out.flush()
      const reader = fetcher()
      reader.assign({ topic, partition: 0, offset: 2 })
      expect((await read(reader, 1)).map((record) => record.value)).to.deep.equal(['c'])
      expect(reader.position({ topic, partition: 0 })).to.equal(3)
    })
  })

  describe('the fetcher', () => {
    it('gives nothing of a paused partition and all of it when resumed', async () => {
      const topic = await newTopic()
      const at: TopicPartition = { topic, partition: 0 }
      const out = producer()
      const reader = fetcher()
      reader.assign({ ...at, offset: 0 })
      await reader.poll(50)
      reader.pause(at)
      out.send(at, batchOf(['a']))
      await out.flush()
      expect(await reader.poll(300)).to.deep.equal([])
      reader.resume(at)
      expect(await read(reader, 1)).to.have.length(1)
    })

    it('knows since when nothing lies beyond what it has read', async () => {
      const topic = await newTopic()
      const at: TopicPartition = { topic, partition: 0 }
      const reader = fetcher()
      reader.assign({ ...at, offset: 0 })
      const hearOfEnd = (after: number) =>
        eventually(async () => {
          reader.hurry(at)
          await reader.poll(1000)
          expect(reader.drainedAt(at)).to.be.at.least(after)
        })
      await hearOfEnd(0)
      const out = producer()
      out.send(at, batchOf(['a']))
      await out.flush()
      const fetched: FetchedPartition[] = []
      await eventually(async () => {
        fetched.push(...(await reader.poll(200)))
        expect(fetched).to.have.length(1)
      })
      await hearOfEnd(fetched[0]?.receivedAt ?? Infinity)
    })

    it('has the next fetch on its way while the caller works', async () => {
      const topic = await newTopic()
      const at: TopicPartition = { topic, partition: 0 }
      const out = producer()
      for (const letter of ['a', 'b']) out.send(at, batchOf([letter.repeat(100_000)]))
      await out.flush()
      const reader = track(broker.fetcher({ maxBytes: 65_536 }))
      reader.assign({ ...at, offset: 0 })
      expect(await reader.poll(5000)).to.have.length(1)
      blockThread(300)
      // Enough to read what is there, and too little to ask for it.
      for (let turn = 0; turn < 5; turn++) await immediate()
      expect(await reader.poll(0)).to.have.length(1)
    })

    it('ends a waiting poll when woken', async () => {
      const topic = await newTopic()
      const reader = fetcher()
      reader.assign({ topic, partition: 0, offset: 0 })
      await reader.poll(0)
      const polled = reader.poll(60_000)
      reader.wake()
      expect(await polled).to.deep.equal([])
    })

    it('reads again after a seek, each record once', async () => {
      const topic = await newTopic()
      const out = producer()
      out.send({ topic, partition: 0 }, batchOf(['a', 'b']))
      await out.flush()
      const reader = fetcher()
      reader.assign({ topic, partition: 0, offset: 0 })
      await read(reader, 2)
      reader.assign({ topic, partition: 0, offset: 1 })
      expect((await read(reader, 1)).map((record) => record.value)).to.deep.equal(['b'])
    })

    it('reads all from where it was moved to, whatever had arrived from further on', async () => {
      const topic = await newTopic()
      const out = producer()
      for (const value of ['a', 'b']) out.send({ topic, partition: 0 }, batchOf([value]))
      await out.flush()
      const reader = fetcher()
      reader.assign({ topic, partition: 0, offset: 1 })
      await reader.poll(0)
      await delay(300) // for the answer, which no poll takes
      reader.assign({ topic, partition: 0, offset: 0 })
      expect((await read(reader, 2)).map((record) => record.value)).to.deep.equal(['a', 'b'])
    })

    it('says when a position is outside the log', async () => {
      const topic = await newTopic()
      const reader = fetcher()
      reader.assign({ topic, partition: 0, offset: 999 })
      const failure = await eventually(async () => {
        const error = await reader.poll(100).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        expect(error).to.be.instanceOf(OffsetOutOfRange)
        return error as OffsetOutOfRange
      })
      expect(failure.message).to.contain(`${topic}-0@999`)
    })
  })

  it('lists the earliest and the latest offsets', async () => {
    const topic = await newTopic()
    const out = producer()
    out.send({ topic, partition: 0 }, batchOf(['a', 'b']))
    await out.flush()
    const at = [{ topic, partition: 0 }]
    const offsetsAt = async (where: ListedOffset) =>
      (await broker.admin.listOffsets(at, where)).map(({ offset }) => offset)
    expect(await offsetsAt('earliest')).to.deep.equal([0])
    expect(await offsetsAt('latest')).to.deep.equal([2])
  })

  it('removes records for good', async () => {
    const topic = await newTopic()
    const out = producer()
    const at = { topic, partition: 0 }
    for (const value of ['a', 'b', 'c']) {
      out.send(at, batchOf([value]))
      await out.flush()
    }
    await broker.admin.deleteRecords([{ ...at, offset: 2 }])
    const [start] = await broker.admin.listOffsets([at], 'earliest')
    expect(start?.offset).to.equal(2)
    await broker.admin.deleteRecords([{ ...at, offset: 1 }])
    const [still] = await broker.admin.listOffsets([at], 'earliest')
    expect(still?.offset).to.equal(2)
  })

  it('knows up to where it has written, once that is acknowledged', async () => {
    const topic = await newTopic()
    const at = { topic, partition: 0 }
    const [first, second] = [producer(), producer()]
    expect(first.writtenUpTo(at)).to.equal(undefined)
    first.send(at, batchOf(['a', 'b']))
    await first.flush()
    expect(first.writtenUpTo(at)).to.equal(2)
    second.send(at, batchOf(['c']))
    await second.flush()
    expect([first.writtenUpTo(at), second.writtenUpTo(at)]).to.deep.equal([2, 3])
  })

  it('fails a flush when a batch cannot be written', async function () {
    this.timeout(150_000)
    const out = producer()
    const topic = await newTopic()
    const corrupt = batchOf(['a'])
    corrupt.writeInt32BE(7, 57) // claims seven records and holds one
    out.send({ topic, partition: 0 }, corrupt)
    const failure = await out.flush().then(
      () => undefined,
      (error: unknown) => error as Error,
    )
    expect(failure).to.be.instanceOf(Error)
  })

  const members: GroupMember[] = []

  function member(
    groupId: string,
    topic: string,
    extra: Partial<GroupMemberOptions> = {},
  ): GroupMember {
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
  }

  afterEach(async () => {
    await Promise.all(members.splice(0).map((one) => one.close({ leave: true })))
  })

  describe('a transaction', () =>
    transactionContract({ broker: () => broker, track, newTopic, member }))

  describe('the group', () => {
    /** Each member rejoins by itself whenever the group asks, as workers do, until the shares are as expected. */
    async function settle(
      joined: readonly GroupMember[],
      shares: readonly number[],
    ): Promise<void> {
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
  })
}
