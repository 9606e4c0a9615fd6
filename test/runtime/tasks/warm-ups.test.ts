import { expect } from 'chai'
import { WarmUps } from '../../../runtime/tasks/warm-ups.ts'
import { ManualClock } from '../../support/manual-clock.ts'

describe('runtime/tasks/warm-ups.ts', () => {
  let clock: ManualClock
  let warmUps: WarmUps
  const ready = new Set<string>()
  const areReady = () => warmUps.areReady((name) => ready.has(name))

  beforeEach(() => {
    clock = new ManualClock()
    warmUps = new WarmUps(clock)
    ready.clear()
  })

  it('tells once that all tasks could come', () => {
    warmUps.expect(['0_0', '0_1'])
    expect(areReady()).to.equal(false)
    ready.add('0_0').add('0_1')
    expect([areReady(), areReady()]).to.deep.equal([true, false])
  })

  it('waits ten seconds for the last one', async () => {
    warmUps.expect(['0_0', '0_1'])
    ready.add('0_0')
    expect(areReady()).to.equal(false)
    await clock.advance(9999)
    expect(areReady()).to.equal(false)
    await clock.advance(1)
    expect([areReady(), areReady()]).to.deep.equal([true, false])
  })

  it('does not speak of the same task again for ten minutes, whatever the group has said to it', async () => {
    warmUps.expect(['0_0'])
    ready.add('0_0')
    expect(areReady()).to.equal(true)
    warmUps.expect(['0_0'])
    expect(areReady()).to.equal(false)
    await clock.advance(10 * 60 * 1000)
    expect(areReady()).to.equal(true)
  })

  it('speaks of others at once', () => {
    warmUps.expect(['0_0'])
    ready.add('0_0').add('0_1')
    expect(areReady()).to.equal(true)
    warmUps.expect(['0_0', '0_1'])
    expect(areReady()).to.equal(true)
  })
})
