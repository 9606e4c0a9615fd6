import { setImmediate as immediate, setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { FetchedPartition, TopicPartition } from '../../runtime/broker/broker.ts'
import { OffsetOutOfRange } from '../../runtime/broker/errors.ts'
import { eventually } from '../support/eventually.ts'
import { batchOf, read } from '../support/seen-records.ts'
import type { ContractTools } from './tools.ts'

/** As work does: nothing else of this thread has its turn. */
const blockThread = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

export function fetcherContract({
  broker,
  track,
  newTopic,
  producer,
  fetcher,
}: ContractTools): void {
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
    const reader = track(broker().fetcher({ maxBytes: 65_536 }))
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
}
