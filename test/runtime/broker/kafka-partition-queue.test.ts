import { expect } from 'chai'
import { at } from '../../../runtime/broker/batch-header.ts'
import { PartitionQueue, type QueuedBatch } from '../../../runtime/broker/kafka-partition-queue.ts'
import { RecordBatchBuilder } from '../../../runtime/broker/record-batch-builder.ts'

const first = { producerId: 7n, epoch: 0 }
const second = { producerId: 8n, epoch: 0 }

function batch(records = 1): Buffer {
  const builder = new RecordBatchBuilder()
  for (let index = 0; index < records; index++) builder.append(1000, null, Buffer.from('value'))
  return builder.build()
}

const stampOf = ({ bytes }: QueuedBatch) => ({
  producerId: bytes.readBigInt64BE(at.producerId),
  sequence: bytes.readInt32BE(at.baseSequence),
})

describe('runtime/broker/kafka-partition-queue.ts', () => {
  let queue: PartitionQueue

  /** A queue of which the broker has written something, so that several batches may be in flight. */
  function known(firstSequence = 0): PartitionQueue {
    queue = new PartitionQueue({ topic: 't', partition: 0 }, firstSequence)
    queue.add(batch())
    queue.acknowledged(taken())
    return queue
  }

  function taken(identity = first): QueuedBatch {
    const next = queue.take(identity)
    if (next === undefined) throw new Error('nothing to take')
    return next
  }

  it('sends the first batch of an identity alone', () => {
    queue = new PartitionQueue({ topic: 't', partition: 0 })
    queue.add(batch())
    queue.add(batch())
    const head = taken()
    expect(queue.take(first)).to.equal(undefined)
    queue.acknowledged(head)
    expect(stampOf(taken()).sequence).to.equal(1)
  })

  it('counts sequences by records and wraps at 2^31', () => {
    known(2 ** 31 - 3)
    queue.add(batch(3))
    queue.add(batch())
    expect(stampOf(taken()).sequence).to.equal(2 ** 31 - 2)
    expect(stampOf(taken()).sequence).to.equal(1)
  })

  it('sends nothing after a failure until all is answered and released, then the same again', () => {
    known()
    for (let count = 0; count < 3; count++) queue.add(batch())
    const [one, two, three] = [taken(), taken(), taken()]
    expect(queue.failed()).to.equal(true)
    expect(queue.failed()).to.equal(false)
    queue.release()
    expect(queue.take(first)).to.equal(undefined)
    queue.failed()
    expect([taken(), taken(), taken()]).to.deep.equal([one, two, three])
    expect([one, two, three].map((sent) => stampOf(sent).sequence)).to.deep.equal([1, 2, 3])
  })

  it('keeps what succeeded behind a failure out of the repetition', () => {
    known()
    queue.add(batch())
    queue.add(batch())
    const [one, two] = [taken(), taken()]
    queue.failed()
    queue.acknowledged(two)
    queue.release()
    expect(taken()).to.equal(one)
    expect(queue.next()).to.equal(undefined)
  })

  it('starts afresh under a new identity at sequence 0 once the broker forgot the old one', () => {
    known()
    queue.add(batch(2))
    queue.add(batch())
    taken()
    queue.startAfresh()
    queue.failed()
    queue.release()
    const again = taken(second)
    expect(stampOf(again)).to.deep.equal({ producerId: 8n, sequence: 0 })
    queue.acknowledged(again)
    expect(stampOf(taken(second))).to.deep.equal({ producerId: 8n, sequence: 2 })
  })

  it('gives the halves of a batch its sequences', () => {
    known()
    queue.add(batch(5))
    queue.add(batch())
    const [whole, next] = [taken(), taken()]
    const halves = queue.split(whole) ?? []
    expect(halves.map((half) => stampOf(half).sequence)).to.deep.equal([1, 3])
    expect(stampOf(next).sequence).to.equal(6)
    queue.failed()
    queue.failed()
    queue.release()
    expect([taken(), taken(), taken()]).to.deep.equal([...halves, next])
  })

  it('ignores the answer to a batch that was dropped, and takes new ones after it', () => {
    known()
    queue.add(batch())
    const dropped = taken()
    queue.clear()
    queue.add(batch())
    expect(queue.take(second)).to.equal(undefined)
    queue.acknowledged(dropped)
    expect(stampOf(taken(second))).to.deep.equal({ producerId: 8n, sequence: 0 })
  })
})
