import { expect } from 'chai'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { batchOf, read } from '../support/seen-records.ts'
import type { ContractTools } from './tools.ts'

/** What is written comes back. */
export function recordContract({ newTopic, producer, fetcher }: ContractTools): void {
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
}
