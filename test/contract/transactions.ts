import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type {
  Fetcher,
  GroupMember,
  TopicPartition,
  TransactionalProducer,
} from '../../runtime/broker/broker.ts'
import { CommitRejected, ProducerFenced } from '../../runtime/broker/errors.ts'
import { eventually } from '../support/eventually.ts'
import { batchOf, read, recordsOf } from '../support/seen-records.ts'
import type { ContractTools } from './tools.ts'

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

/** The transactions of every implementation of the broker port. */
export function transactionContract({ broker, track, newTopic, member }: ContractTools): void {
  let at: TopicPartition

  beforeEach(async () => {
    at = { topic: await newTopic(), partition: 0 }
  })

  async function producer(
    transactionalId = `x-${randomUUID()}`,
    transactionTimeoutMs = 60_000,
  ): Promise<TransactionalProducer> {
    const created = track(broker().transactionalProducer({ transactionalId, transactionTimeoutMs }))
    await created.takeOver()
    return created
  }

  function reader(...partitions: readonly TopicPartition[]): Fetcher {
    const created = track(broker().fetcher({ maxBytes: 1 << 20 }))
    for (const partition of partitions) created.assign({ ...partition, offset: 0 })
    return created
  }

  async function send(out: TransactionalProducer, ...values: readonly string[]): Promise<void> {
    for (const value of values) out.send(at, batchOf([value]))
    await out.flush()
  }

  const valuesIn = async (count: number) =>
    (await read(reader(at), count)).map(({ value }) => value)

  async function ends(): Promise<{ latest: number; highWatermark: number }> {
    const [latest] = await broker().admin.listOffsets([at], 'latest')
    const [highWatermark] = await broker().admin.listOffsets([at], 'highWatermark')
    return { latest: latest?.offset ?? -1, highWatermark: highWatermark?.offset ?? -1 }
  }

  it('shows what was written to all partitions once it is committed, and not before', async () => {
    const topic = await newTopic(2)
    const partitions = [0, 1].map((partition) => ({ topic, partition }))
    const out = await producer()
    const seen = reader(...partitions)
    for (const partition of partitions) out.send(partition, batchOf(['a', 'b']))
    await out.flush()
    expect((await seen.poll(300)).flatMap(recordsOf)).to.deep.equal([])
    await out.commit()
    expect((await read(seen, 4)).map(({ value }) => value)).to.have.members(['a', 'b', 'a', 'b'])
  })

  it('tells apart the end of what can be read and the end of the log', async () => {
    const out = await producer()
    await send(out, 'a', 'b')
    expect(await ends()).to.deep.equal({ latest: 0, highWatermark: 2 })
    await out.commit()
    await eventually(async () =>
      expect(await ends()).to.deep.equal({ latest: 3, highWatermark: 3 }),
    )
  })

  it('has a reader stand behind the marker of the last transaction', async () => {
    const out = await producer()
    await send(out, 'a')
    await out.commit()
    const seen = reader(at)
    await eventually(async () => {
      await seen.poll(100)
      expect(seen.position(at)).to.equal(2)
    })
  })

  it('shows nothing of what is aborted, between what is committed', async () => {
    const out = await producer()
    for (const [values, end] of [
      [['a', 'b'], 'commit'],
      [['lost'], 'abort'],
      [['lost', 'lost'], 'abort'],
      [['c'], 'commit'],
    ] as const) {
      await send(out, ...values)
      await out[end]()
    }
    expect(await valuesIn(3)).to.deep.equal(['a', 'b', 'c'])
  })

  it('keeps order over many transactions, one after the other', async () => {
    const out = await producer()
    const values = Array.from({ length: 40 }, (_, n) => `${n}`)
    for (const value of values) {
      out.send(at, batchOf([value]))
      await out.commit()
    }
    expect(await valuesIn(values.length)).to.deep.equal(values)
  })

  it('makes nothing of a transaction without anything in it', async () => {
    const out = await producer()
    await out.commit()
    await out.abort()
    expect(await ends()).to.deep.equal({ latest: 0, highWatermark: 0 })
  })

  it('fences whoever had the id before, and aborts what they left open', async () => {
    const id = `x-${randomUUID()}`
    const before = await producer(id)
    await send(before, 'lost')
    const after = await producer(id)
    expect(await errorOf(before.commit())).to.be.instanceOf(ProducerFenced)
    expect(await errorOf(before.abort())).to.be.instanceOf(ProducerFenced)
    await send(after, 'a')
    await after.commit()
    expect(await valuesIn(1)).to.deep.equal(['a'])
  })

  it('lets who was fenced take the id over again', async () => {
    const id = `x-${randomUUID()}`
    const [first, second] = [await producer(id), await producer(id)]
    first.send(at, batchOf(['lost']))
    expect(await errorOf(first.flush())).to.be.instanceOf(ProducerFenced)
    await first.takeOver()
    await send(first, 'a')
    await first.commit()
    second.send(at, batchOf(['lost']))
    expect(await errorOf(second.commit())).to.be.instanceOf(ProducerFenced)
    expect(await valuesIn(1)).to.deep.equal(['a'])
  })

  it('aborts by itself what takes too long, and fences who was so slow', async function () {
    this.timeout(60_000)
    const out = await producer(undefined, 1000)
    await send(out, 'lost')
    await eventually(
      async () => {
        const { latest, highWatermark } = await ends()
        expect(latest).to.equal(highWatermark)
      },
      { timeoutMs: 40_000 },
    )
    expect(await errorOf(out.commit())).to.be.instanceOf(ProducerFenced)
    await out.takeOver()
    await send(out, 'a')
    await out.commit()
    expect(await valuesIn(1)).to.deep.equal(['a'])
  })

  it('commits nothing of a transaction that has lost something', async () => {
    const out = await producer()
    const corrupt = batchOf(['a'])
    corrupt.writeInt32BE(7, 57) // claims seven records and holds one
    await send(out, 'lost')
    out.send(at, corrupt)
    expect(await errorOf(out.flush())).to.be.instanceOf(Error)
    expect(await errorOf(out.commit())).to.be.instanceOf(Error)
    await out.abort()
    await send(out, 'b')
    await out.commit()
    expect(await valuesIn(1)).to.deep.equal(['b'])
  })

  describe('with offsets', function () {
    this.timeout(30_000)

    async function joined(): Promise<{ out: TransactionalProducer; of: GroupMember }> {
      const of = member(`g-${randomUUID()}`, at.topic)
      await of.join()
      return { out: await producer(), of }
    }

    it('commits them with what was written; whoever asks meanwhile waits', async () => {
      const { out, of } = await joined()
      await of.commit([{ ...at, offset: 1 }])
      await send(out, 'a')
      await of.commit([{ ...at, offset: 7 }], { transaction: out })
      let isAnswered = false
      const asked = of.committed([at]).finally(() => (isAnswered = true))
      expect((await reader(at).poll(300)).flatMap(recordsOf)).to.deep.equal([])
      expect(isAnswered).to.equal(false)
      await out.commit()
      expect(await asked).to.deep.equal([{ ...at, offset: 7 }])
      expect(await valuesIn(1)).to.deep.equal(['a'])
    })

    it('drops them with what was written', async () => {
      const { out, of } = await joined()
      await of.commit([{ ...at, offset: 1 }])
      await of.commit([{ ...at, offset: 7 }], { transaction: out })
      await out.abort()
      expect(await of.committed([at])).to.deep.equal([{ ...at, offset: 1 }])
    })

    it('takes them alone, and those of many partitions together', async () => {
      const topic = await newTopic(3)
      const { out, of } = await joined()
      const offsets = [0, 1, 2].map((partition) => ({ topic, partition, offset: partition + 5 }))
      await of.commit(offsets, { transaction: out })
      await out.commit()
      expect(await of.committed(offsets)).to.have.deep.members(offsets)
    })

    it('refuses those of an earlier generation', async () => {
      const groupId = `g-${randomUUID()}`
      const out = await producer()
      const first = member(groupId, at.topic, { rebalanceTimeoutMs: 2000 })
      await first.join()
      await send(out, 'lost')
      const second = member(groupId, at.topic, { rebalanceTimeoutMs: 2000 })
      await second.join() // first does not rejoin in time and is left out
      const late = first.commit([{ ...at, offset: 7 }], { transaction: out })
      expect(await errorOf(late)).to.be.instanceOf(CommitRejected)
      expect(first.rejoinNeeded).to.equal(true)
      await out.abort()
      expect(await second.committed([at])).to.deep.equal([])
    })
  })
}
