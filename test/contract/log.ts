import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { ListedOffset } from '../../runtime/broker/broker.ts'
import { batchOf } from '../support/seen-records.ts'
import type { ContractTools } from './tools.ts'

/** Topics, and what is asked of their logs and written to them but for the records themselves. */
export function logContract({ broker, newTopic, producer }: ContractTools): void {
  it('tells the partitions of a topic, and leaves out one that does not exist without creating it', async () => {
    const topic = await newTopic(3)
    const missing = `missing-${randomUUID()}`
    for (let round = 0; round < 2; round++) {
      const found = await broker().admin.describeTopics([topic, missing])
      expect([...found.keys()]).to.deep.equal([topic])
    }
  })

  it('leaves a topic that exists as it is', async () => {
    const topic = await newTopic(2)
    await broker().admin.createTopics([{ name: topic, partitions: 5, replicationFactor: 1 }])
    expect((await broker().admin.describeTopics([topic])).get(topic)?.partitions).to.equal(2)
  })

  it('lists the earliest and the latest offsets', async () => {
    const topic = await newTopic()
    const out = producer()
    out.send({ topic, partition: 0 }, batchOf(['a', 'b']))
    await out.flush()
    const at = [{ topic, partition: 0 }]
    const offsetsAt = async (where: ListedOffset) =>
      (await broker().admin.listOffsets(at, where)).map(({ offset }) => offset)
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
    await broker().admin.deleteRecords([{ ...at, offset: 2 }])
    const [start] = await broker().admin.listOffsets([at], 'earliest')
    expect(start?.offset).to.equal(2)
    await broker().admin.deleteRecords([{ ...at, offset: 1 }])
    const [still] = await broker().admin.listOffsets([at], 'earliest')
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
}
