import { expect } from 'chai'
import { WorkQueue } from '../../../operator/engine/work-queue.ts'
import { ManualClock } from '../../support/manual-clock.ts'

describe('operator/engine/work-queue.ts', () => {
  let clock: ManualClock
  let queue: WorkQueue

  beforeEach(() => {
    clock = new ManualClock()
    queue = new WorkQueue(clock)
  })

  it('gives a key once however often it was added', async () => {
    queue.add('a')
    queue.add('a')
    expect(queue.depth).to.equal(1)
    expect(await queue.take()).to.equal('a')
    expect(queue.depth).to.equal(0)
  })

  it('never runs a key twice at a time, and runs it again when it was added meanwhile', async () => {
    queue.add('a')
    await queue.take()
    queue.add('a')
    expect(queue.depth).to.equal(0)
    queue.done('a')
    expect(await queue.take()).to.equal('a')
  })

  it('hands a key to one who waits', async () => {
    const taken = queue.take()
    queue.add('a')
    expect(await taken).to.equal('a')
  })

  it('adds after a delay', async () => {
    queue.addAfter('a', 1000)
    await clock.advance(999)
    expect(queue.depth).to.equal(0)
    await clock.advance(1)
    expect(queue.depth).to.equal(1)
  })

  it('keeps the shorter of two delays', async () => {
    queue.addAfter('a', 100)
    queue.addAfter('a', 1000)
    queue.addAfter('b', 1000)
    queue.addAfter('b', 100)
    await clock.advance(100)
    expect(queue.depth).to.equal(2)
    expect(clock.timers).to.equal(0)
  })

  it('forgets the delay of a key that comes before', async () => {
    queue.addAfter('a', 1000)
    queue.add('a')
    expect(clock.timers).to.equal(0)
  })

  it('lets all who wait go when it closes, and takes no more', async () => {
    const taken = queue.take()
    queue.addAfter('b', 1000)
    queue.close()
    queue.add('a')
    expect(await taken).to.equal(undefined)
    expect(await queue.take()).to.equal(undefined)
    expect(clock.timers).to.equal(0)
  })
})
