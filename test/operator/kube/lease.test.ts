import { expect } from 'chai'
import { kinds } from '../../../operator/kube/kinds.ts'
import type { KubeObject } from '../../../operator/kube/kube.ts'
import { LeaderElection } from '../../../operator/kube/lease.ts'
import { MemoryKube } from '../../../operator/local/memory-kube.ts'
import { silentLogger } from '../../../runtime/platform/silent-logger.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const ref = { ...kinds.lease, namespace: 'n', name: 'operator' }

describe('operator/kube/lease.ts', () => {
  let clock: ManualClock
  let kube: MemoryKube

  beforeEach(() => {
    clock = new ManualClock()
    kube = new MemoryKube(clock)
  })

  const candidate = (identity: string, at = kube) => {
    const lease = { namespace: 'n', name: 'operator' }
    return new LeaderElection({ kube: at, clock, log: silentLogger, identity, ...lease })
  }
  const holder = async () =>
    (await kube.get<KubeObject & { spec: { holderIdentity: string } }>(ref))?.spec.holderIdentity
  const stopped = new AbortController().signal

  it('gives the lease to the first', async () => {
    const a = candidate('a')
    await a.acquire(stopped)
    expect(a.isLeader).to.equal(true)
    expect(await holder()).to.equal('a')
  })

  it('gives it to another only when the holder has been silent for 15 s', async () => {
    const a = candidate('a')
    const b = candidate('b')
    await a.acquire(stopped)
    void b.acquire(stopped)
    await clock.advance(14_000)
    expect(b.isLeader).to.equal(false)
    await clock.advance(4000)
    expect(b.isLeader).to.equal(true)
    expect(a.isLeader).to.equal(false)
  })

  it('never has two leaders at a time', async () => {
    const candidates = ['a', 'b', 'c'].map((identity) => candidate(identity))
    const alive = candidates.map(() => new AbortController())
    candidates.forEach((c, i) => {
      const signal = alive[i]?.signal ?? stopped
      void c.acquire(signal).then(() => c.hold(signal, () => Promise.resolve()))
    })
    for (let second = 0; second < 120; second++) {
      await clock.advance(1000)
      const leaders = candidates.filter(({ isLeader }) => isLeader)
      expect(leaders.length).to.be.at.most(1)
      if (second % 30 === 29) alive[candidates.indexOf(leaders[0] ?? candidates[0]!)]?.abort()
    }
  })

  it('gives it back at once when it stops in order, after its work has ended', async () => {
    const a = candidate('a')
    const b = candidate('b')
    const stop = new AbortController()
    await a.acquire(stopped)
    let workEnded = false
    const holding = a.hold(stop.signal, async () => {
      expect(await holder()).to.equal('a')
      workEnded = true
    })
    stop.abort()
    await clock.advance(1)
    await holding
    expect(workEnded).to.equal(true)
    await b.acquire(stopped)
    expect(b.isLeader).to.equal(true)
  })

  it('is no leader any more 10 s after the last renewal, before anyone else may be', async () => {
    const a = candidate('a')
    await a.acquire(stopped)
    const lost = a.hold(stopped, () => Promise.resolve())
    kube.replace = () => Promise.reject(new Error('the API server is away'))
    await clock.advance(10_000)
    expect(a.isLeader).to.equal(false)
    await clock.advance(2000)
    await lost
  })
})
