import { expect } from 'chai'
import type { GroupMember } from '../../runtime/broker/broker.ts'
import { eventually } from '../support/eventually.ts'
import { JobBench, type JobSpec } from '../support/job-bench.ts'

const PARTITIONS = 4
const KEYS = Array.from({ length: 40 }, (_, n) => `k${n}`)

const guarantees = ['AtLeastOnce', 'ExactlyOnce'] as const

const specOf = (guarantee: (typeof guarantees)[number]): JobSpec => ({
  guarantee,
  inputs: [{ name: 'in', topic: 'in' }],
  steps: [{ name: 'counts', from: 'in', groupBy: 'key', aggregate: { n: 'count()' } }],
  outputs: [{ from: 'counts', topic: 'out' }],
})

for (const guarantee of guarantees) {
  describe(`a rebalance under ${guarantee}`, function () {
    this.timeout(30_000)
    let bench: JobBench
    let given: number

    beforeEach(() => {
      bench = new JobBench({ in: PARTITIONS, out: PARTITIONS })
      given = 0
    })
    afterEach(() => bench.stop())

    const give = (keys = KEYS) => {
      bench.produce(
        'in',
        keys.map((key) => [key, {}] as const),
      )
      given++
    }
    const counted = () => bench.records('out').length

    /** One that takes part in the group and does nothing. */
    const stranger = (): GroupMember =>
      bench.embedded.connect().groupMember({
        groupId: 'test.job',
        topics: ['in'],
        assign: () => new Map(),
        sessionTimeoutMs: 60_000,
        rebalanceTimeoutMs: 60_000,
      })

    it('goes on with what it keeps while others have not come yet, and commits it', async () => {
      const job = bench.start(specOf(guarantee))
      give()
      await eventually(() => expect(counted()).to.equal(KEYS.length))
      const idle = stranger()
      await idle.join()
      const keeps = await eventually(() => {
        const { tasks, state } = job.status()
        expect([tasks.length, state]).to.deep.equal([PARTITIONS / 2, 'Running'])
        return new Set(tasks.map(({ id }) => Number(id.split('_')[1])))
      })
      expect(bench.embedded.group('test.job').state).to.equal('PreparingRebalance')
      give()
      const ends = bench.embedded.topics.get('in')?.logs.map(({ endOffset }) => endOffset) ?? []
      const wanted = [...keeps].reduce((sum, partition) => sum + (ends[partition] ?? 0), 0)
      const committed = () =>
        [...bench.embedded.group('test.job').committed.values()]
          .filter(({ partition }) => keeps.has(partition))
          .reduce((sum, { offset }) => sum + offset, 0)
      await eventually(() => expect(committed()).to.equal(wanted))
      expect(bench.embedded.group('test.job').state).to.equal('PreparingRebalance')
      await idle.close({ leave: true })
      await eventually(() => expect(counted()).to.equal(KEYS.length * given))
      expect(job.status().tasks).to.have.length(PARTITIONS)
    })

    it('counts each record once, whoever comes and goes meanwhile', async () => {
      const first = bench.start(specOf(guarantee), { instanceId: 'job-a' })
      const keepGiving = async (until: () => void) =>
        eventually(
          () => {
            give()
            until()
          },
          { everyMs: 5, timeoutMs: 20_000 },
        )
      const share = (n: number) => () => expect(first.status().tasks).to.have.length(n)
      await keepGiving(share(PARTITIONS))
      const second = bench.start(specOf(guarantee), { instanceId: 'job-b' })
      await keepGiving(share(PARTITIONS / 2))
      const third = bench.start(specOf(guarantee), { instanceId: 'job-c' })
      await keepGiving(() => expect(third.status().tasks).to.have.length(1))
      await second.stop()
      await keepGiving(share(PARTITIONS / 2))
      await third.stop()
      await keepGiving(share(PARTITIONS))
      await eventually(() => {
        for (const key of KEYS) expect(bench.latest('out')[key]).to.deep.equal({ n: given })
      })
      expect(counted()).to.equal(KEYS.length * given)
    })
  })
}
