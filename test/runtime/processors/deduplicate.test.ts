import { expect } from 'chai'
import fc from 'fast-check'
import { stream } from '../../../runtime/dsl/stream.ts'
import { operatorCases } from '../../support/operator-cases.ts'
import { problemsOf } from '../../support/problems.ts'
import { type Timed, TimedJob } from '../../support/timed-job.ts'

const once = () =>
  TimedJob.ofCode(['in'], stream('in').deduplicate('once', { within: '10ms' }).to('out'))

const timesOf = (job: TimedJob) => job.out().map(([key, , time]) => [key, time])

describe('deduplicate', () => {
  operatorCases([
    {
      sentence: 'lets the first of equal records through',
      steps: {
        steps: [{ name: 'once', from: 'in', deduplicate: { within: '10m' } }],
        outputs: [{ from: 'once', topic: 'out' }],
      },
      code: (input) => [input.deduplicate('once', { within: '10m' }).to('out')],
      given: {
        in: [
          ['a', { n: 1 }],
          ['a', { n: 2 }],
          ['b', { n: 3 }],
          ['b', null],
        ],
      },
      out: {
        out: [
          ['a', { n: 1 }],
          ['b', { n: 3 }],
        ],
      },
    },
    {
      sentence: 'tells records of a key apart by an expression',
      steps: {
        steps: [{ name: 'once', from: 'in', deduplicate: { by: 'value.n', within: '10m' } }],
        outputs: [{ from: 'once', topic: 'out' }],
      },
      code: (input) => [
        input.deduplicate('once', { by: ({ value }) => value.n, within: '10m' }).to('out'),
      ],
      given: {
        in: [
          ['a', { n: 1 }],
          ['a', { n: 2 }],
          ['a', { n: 1 }],
          ['b', { n: 1 }],
        ],
      },
      out: {
        out: [
          ['a', { n: 1 }],
          ['a', { n: 2 }],
          ['b', { n: 1 }],
        ],
      },
    },
    {
      sentence: 'takes no record without key for equal to another',
      steps: {
        steps: [{ name: 'once', from: 'in', deduplicate: { within: '10m' } }],
        outputs: [{ from: 'once', topic: 'out' }],
      },
      code: (input) => [input.deduplicate('once', { within: '10m' }).to('out')],
      given: {
        in: [
          [null, { n: 1 }],
          [null, { n: 1 }],
        ],
      },
      out: {
        out: [
          [null, { n: 1 }],
          [null, { n: 1 }],
        ],
      },
    },
    {
      sentence: 'brings records to a key that was changed',
      steps: {
        steps: [
          { name: 'by-card', from: 'in', keyBy: 'value.card' },
          { name: 'once', from: 'by-card', deduplicate: { within: '10m' } },
        ],
        outputs: [{ from: 'once', topic: 'out' }],
      },
      code: (input) => [
        input
          .selectKey('by-card', ({ value }) => value.card)
          .deduplicate('once', { within: '10m' })
          .to('out'),
      ],
      given: {
        in: [
          ['x', { card: 'c' }],
          ['y', { card: 'c' }],
        ],
      },
      out: { out: [['c', { card: 'c' }]] },
    },
  ])

  it('counts the time from the record that was let through, in both directions', async () => {
    const job = once()
    await job.feed(['in', 'a', 1, 100], ['in', 'a', 2, 110], ['in', 'a', 3, 111])
    expect(timesOf(job)).to.deep.equal([
      ['a', 100],
      ['a', 111],
    ])
    await job.feed(['in', 'b', 1, 110], ['in', 'b', 2, 101])
    expect(timesOf(job).slice(2)).to.deep.equal([['b', 110]])
  })

  it('drops and counts what is older than the latest by more than its time', async () => {
    const job = once()
    await job.feed(['in', 'a', 1, 100], ['in', 'b', 1, 89], ['in', 'b', 1, 90])
    expect(timesOf(job)).to.deep.equal([
      ['a', 100],
      ['b', 90],
    ])
    expect(job.dropped).to.deep.equal({ once: { late: 1 } })
  })

  it('remembers over a crash', async () => {
    const job = once()
    await job.feed(['in', 'a', 1, 100])
    job.commit()
    await job.crash()
    await job.feed(['in', 'a', 2, 105], ['in', 'b', 1, 89])
    expect(timesOf(job)).to.deep.equal([['a', 100]])
    expect(job.dropped).to.deep.equal({ once: { late: 1 } })
  })

  it('lets through what a look at all records before lets through', async () => {
    const records = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 60 })), {
      maxLength: 40,
    })
    await fc.assert(
      fc.asyncProperty(records, async (all) => {
        const job = once()
        await job.feed(...all.map(([key, time]): Timed => ['in', key, 0, time]))
        const passed: (readonly [string, number])[] = []
        let latest = -1
        for (const [key, time] of all) {
          const isLate = time < latest - 10
          const isKnown = passed.some(([other, at]) => other === key && Math.abs(at - time) <= 10)
          if (isLate || isKnown) continue
          passed.push([key, time])
          latest = Math.max(latest, time)
        }
        expect(timesOf(job)).to.deep.equal(passed)
      }),
      { numRuns: 60 },
    )
  })

  it('is refused without a duration', () => {
    const step = { name: 'once', from: 'in', deduplicate: { within: '0s' } }
    expect(problemsOf([step])).to.have.length(1)
    expect(problemsOf([step])[0]).to.match(/^steps\[0\]\.deduplicate\.within: "0s" is no duration/)
  })
})
