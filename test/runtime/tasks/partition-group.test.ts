import { expect } from 'chai'
import { RecordBatch } from '../../../runtime/broker/record-batch.ts'
import { RecordBatchBuilder } from '../../../runtime/broker/record-batch-builder.ts'
import { PartitionGroup } from '../../../runtime/tasks/partition-group.ts'
import { RecordQueue } from '../../../runtime/tasks/record-queue.ts'

/** The queues of two partitions, `l` and `r`, and what a broker has said of them. */
class Buffered {
  readonly drainedAt = new Map<string, number>()
  readonly #queues = ['l', 'r'].map(
    (topic) =>
      new RecordQueue(
        { topic, partition: 0 },
        { node: topic, format: 'Json', keyFormat: 'String' },
        0,
      ),
  )
  readonly group: PartitionGroup
  #nextOffset = 0

  constructor({ waits }: { readonly waits: boolean }) {
    const drainedAt = ({ topic }: { readonly topic: string }) => this.drainedAt.get(topic)
    this.group = new PartitionGroup(this.#queues, waits ? drainedAt : undefined)
  }

  /** A record of that event time, which came from the broker at another. */
  fetch(topic: string, time: number, receivedAt: number): void {
    const queue = this.#queues.find(({ partition }) => partition.topic === topic)
    const builder = new RecordBatchBuilder()
    builder.append(time, null, Buffer.from('{}'))
    const bytes = builder.build()
    bytes.writeBigInt64BE(BigInt(this.#nextOffset++))
    const batches = [new RecordBatch(bytes)]
    queue?.add({ topic, partition: 0, position: 0, batches, highWatermark: 1, receivedAt })
  }

  /** Of the records that may be taken now: topic and time. */
  takeAll(): string[] {
    const taken: string[] = []
    for (let next = this.group.take(); next !== undefined; next = this.group.take())
      taken.push(`${next.record.topic}@${next.record.timestamp}`)
    return taken
  }
}

describe('runtime/tasks/partition-group.ts', () => {
  it('takes the earliest head, of one time that of the partition that is named first', () => {
    const buffered = new Buffered({ waits: false })
    buffered.fetch('r', 5, 0)
    buffered.fetch('l', 7, 0)
    expect(buffered.takeAll()).to.deep.equal(['r@5', 'l@7'])
    buffered.fetch('r', 8, 0)
    buffered.fetch('l', 8, 0)
    expect(buffered.takeAll()).to.deep.equal(['l@8', 'r@8'])
  })

  it('waits for no partition where nothing depends on it', () => {
    const buffered = new Buffered({ waits: false })
    buffered.fetch('l', 5, 0)
    expect(buffered.takeAll()).to.deep.equal(['l@5'])
  })

  it('waits for a partition of which nobody has said anything', () => {
    const buffered = new Buffered({ waits: true })
    buffered.fetch('l', 5, 10)
    expect(buffered.group.isReady).to.equal(false)
    expect(buffered.takeAll()).to.deep.equal([])
    buffered.fetch('r', 3, 20)
    expect(buffered.takeAll()).to.deep.equal(['r@3'])
  })

  it('goes ahead once a broker has said that the other partition has nothing', () => {
    const buffered = new Buffered({ waits: true })
    buffered.fetch('l', 5, 10)
    buffered.drainedAt.set('r', 10)
    expect(buffered.group.isReady).to.equal(true)
    expect(buffered.takeAll()).to.deep.equal(['l@5'])
  })

  it('does not go by what was said before the record was there: much may have been written since', () => {
    const buffered = new Buffered({ waits: true })
    buffered.drainedAt.set('r', 9)
    buffered.fetch('l', 5, 10)
    expect(buffered.takeAll()).to.deep.equal([])
    buffered.drainedAt.set('r', 11)
    expect(buffered.takeAll()).to.deep.equal(['l@5'])
  })

  it('goes by each record for itself: one that was there at the time may go, a later one waits', () => {
    const buffered = new Buffered({ waits: true })
    buffered.drainedAt.set('r', 10)
    buffered.fetch('l', 5, 10)
    buffered.fetch('l', 6, 20)
    expect(buffered.takeAll()).to.deep.equal(['l@5'])
  })

  it('has nothing to take when nothing is buffered, whatever is known', () => {
    const buffered = new Buffered({ waits: true })
    buffered.drainedAt.set('l', 10).set('r', 10)
    expect(buffered.group.isReady).to.equal(false)
  })
})
