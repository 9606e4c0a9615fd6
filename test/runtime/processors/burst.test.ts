import { expect } from 'chai'
import fc from 'fast-check'
import { stream } from '../../../runtime/dsl/stream.ts'
import { operatorCases } from '../../support/operator-cases.ts'
import { problemsOf } from '../../support/problems.ts'
import { type Timed, TimedJob } from '../../support/timed-job.ts'

/** Values are numbers of their own: [value, count] comes out. */
const bursts = (atLeast: number) =>
  TimedJob.ofCode(
    ['in'],
    stream<number>('in')
      .burst('many', { atLeast, within: '10ms' }, (value, count) => [value, count])
      .to('out'),
  )

describe('burst', () => {
  operatorCases([
    {
      sentence: 'lets through what makes it so many of a key, with how many there are',
      steps: {
        steps: [{ name: 'hasty', from: 'in', burst: { atLeast: 2, within: '1m' } }],
        outputs: [{ from: 'hasty', topic: 'out' }],
      },
      code: (input) => [
        input
          .burst('hasty', { atLeast: 2, within: '1m' }, (value, count) => ({ ...value, count }))
          .to('out'),
      ],
      given: {
        in: [
          ['a', { n: 1 }],
          ['b', { n: 2 }],
          ['a', { n: 3 }],
          ['a', { n: 4 }],
        ],
      },
      out: {
        out: [
          ['a', { n: 3, count: 2 }],
          ['a', { n: 4, count: 3 }],
        ],
      },
    },
    {
      sentence: 'brings records to a key that was changed',
      steps: {
        steps: [
          { name: 'by-card', from: 'in', keyBy: 'value.card' },
          { name: 'hasty', from: 'by-card', burst: { atLeast: 2, within: '1m', as: 'times' } },
        ],
        outputs: [{ from: 'hasty', topic: 'out' }],
      },
      code: (input) => [
        input
          .selectKey('by-card', ({ value }) => value.card)
          .burst('hasty', { atLeast: 2, within: '1m' }, (value, times) => ({ ...value, times }))
          .to('out'),
      ],
      given: {
        in: [
          ['x', { card: 'c' }],
          ['y', { card: 'c' }],
        ],
      },
      out: { out: [['c', { card: 'c', times: 2 }]] },
    },
  ])

  it('counts a record that is just as old as the time', async () => {
    const job = bursts(2)
    await job.feed(
      ['in', 'a', 1, 100],
      ['in', 'a', 2, 110],
      ['in', 'b', 3, 100],
      ['in', 'b', 4, 111],
    )
    expect(job.out()).to.deep.equal([['a', [2, 2], 110]])
  })

  it('lets a later record follow that one out of order makes one of a burst', async () => {
    const job = bursts(3)
    await job.feed(['in', 'a', 1, 100], ['in', 'a', 2, 108], ['in', 'a', 3, 104])
    expect(job.out()).to.deep.equal([['a', [2, 3], 108]])
  })

  it('drops and counts what is late, and what has no key or no value', async () => {
    const job = bursts(2)
    await job.feed(
      ['in', 'a', 1, 100],
      ['in', 'a', 2, 89],
      ['in', null, 3, 100],
      ['in', 'a', null, 100],
    )
    expect(job.out()).to.deep.equal([])
    expect(job.dropped).to.deep.equal({ many: { late: 1, 'null-key': 1, 'null-value': 1 } })
  })

  it('goes on counting after a crash', async () => {
    const job = bursts(2)
    await job.feed(['in', 'a', 1, 100])
    job.commit()
    await job.crash()
    await job.feed(['in', 'a', 2, 105])
    expect(job.out()).to.deep.equal([['a', [2, 2], 105]])
  })

  it('lets the same records through whatever their order, each once', async () => {
    const records = fc
      .array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 100, max: 110 })), {
        maxLength: 20,
      })
      .map((all) => all.map(([key, time], n): Timed => ['in', key, n, time]))
    await fc.assert(
      fc.asyncProperty(records, fc.integer({ min: 2, max: 4 }), async (given, atLeast) => {
        const job = bursts(atLeast)
        await job.feed(...given)
        const seen = job.out().map(([, pair]) => (pair as readonly number[])[0])
        expect(seen.toSorted()).to.deep.equal(burstsIn(given, atLeast).toSorted())
      }),
      { numRuns: 80 },
    )
  })

  it('is refused with a burst of one', () => {
    expect(() => stream('in').burst('many', { atLeast: 1, within: '1m' }, () => 0)).to.throw(
      /atLeast is a whole number from 2 on, not 1/,
    )
  })

  it('is refused without a duration', () => {
    const step = { name: 'many', from: 'in', burst: { atLeast: 2, within: 'soon' } }
    expect(problemsOf([step])[0]).to.match(/^steps\[0\]\.burst\.within: "soon" is no duration/)
  })
})

/** Of one time, those count that came before. */
function burstsIn(given: readonly Timed[], atLeast: number): unknown[] {
  return given.flatMap(([, key, value, time], index) => {
    const before = given.filter(
      ([, other, , at], place) =>
        other === key && at >= time - 10 && (at < time || (at === time && place <= index)),
    )
    return before.length >= atLeast ? [value] : []
  })
}
