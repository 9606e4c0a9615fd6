import { expect } from 'chai'
import { stream } from '../../../runtime/dsl/stream.ts'
import { table } from '../../../runtime/dsl/table.ts'
import { InvalidJob } from '../../../runtime/errors.ts'
import { PRODUCED_AT } from '../../support/job-bench.ts'
import { operatorCases } from '../../support/operator-cases.ts'
import { problemsOf } from '../../support/problems.ts'
import { TimedJob } from '../../support/timed-job.ts'

const LATER = PRODUCED_AT + 1

const counted = {
  name: 'counts',
  from: 'clicks',
  groupBy: 'key',
  aggregate: { n: 'count()' },
  as: 'Table' as const,
}

describe('a join of a stream with a table', () => {
  operatorCases([
    {
      sentence: 'adds what the table has for the key as a field',
      steps: {
        steps: [counted, { name: 'with', from: 'in', join: { table: 'counts', as: 'clicks' } }],
        outputs: [{ from: 'with', topic: 'out' }],
      },
      code: (input, others) => [
        input
          .join(
            'with',
            others('clicks')
              .groupByKey('by-key')
              .aggregate('counts', { initial: () => ({ n: 0 }), add: ({ n }) => ({ n: n + 1 }) }),
            (value, clicks) => ({ ...value, clicks }),
          )
          .to('out'),
      ],
      given: {
        clicks: [
          ['a', {}],
          ['a', {}],
        ],
        in: [
          ['a', { n: 1 }, LATER],
          ['b', { n: 2 }, LATER],
        ],
      },
      out: { out: [['a', { n: 1, clicks: { n: 2 } }]] },
    },
    {
      sentence: 'keeps a record for whose key the table has nothing, if told to',
      steps: {
        steps: [
          counted,
          { name: 'with', from: 'in', join: { table: 'counts', as: 'clicks', type: 'Left' } },
        ],
        outputs: [{ from: 'with', topic: 'out' }],
      },
      code: (input, others) => [
        input
          .leftJoin('with', others('clicks').groupByKey('by-key').count('counts'), (value, n) => ({
            ...value,
            clicks: n === null ? null : { n },
          }))
          .to('out'),
      ],
      given: {
        clicks: [['a', {}]],
        in: [
          ['a', {}, LATER],
          ['b', {}, LATER],
          [null, {}, LATER],
          ['a', null, LATER],
        ],
      },
      out: {
        out: [
          ['a', { clicks: { n: 1 } }],
          ['b', { clicks: null }],
          [null, { clicks: null }],
        ],
      },
    },
    {
      sentence: 'brings records to the key of the table first, which they keep',
      steps: {
        steps: [
          counted,
          {
            name: 'with',
            from: 'in',
            join: { table: 'counts', by: 'value.card', as: 'clicks', type: 'Left' },
          },
        ],
        outputs: [{ from: 'with', topic: 'out' }],
      },
      code: (input, others) => [
        input
          .selectKey('by-card', ({ value }) => value.card)
          .leftJoin('with', others('clicks').groupByKey('by-key').count('counts'), (value, n) => ({
            ...value,
            clicks: n === null ? null : { n },
          }))
          .to('out'),
      ],
      given: {
        clicks: [['c', {}]],
        in: [
          ['x', { card: 'c' }, LATER],
          ['y', { card: null }, LATER],
        ],
      },
      out: {
        out: [
          ['c', { card: 'c', clicks: { n: 1 } }],
          [null, { card: null, clicks: null }],
        ],
      },
    },
  ])

  it('looks at the table as of then: updates make nothing by themselves, and time is that of the record', async () => {
    const counts = stream('t').groupByKey('by-key').count('counts')
    const job = TimedJob.ofCode(
      ['in', 't'],
      stream('in')
        .leftJoin('with', counts, (value, n) => [value, n])
        .to('out'),
    )
    await job.feed(['in', 'a', 1, 50], ['t', 'a', {}, 90], ['in', 'a', 2, 20], ['t', 'a', {}, 100])
    expect(job.out()).to.deep.equal([
      ['a', [1, null], 50],
      ['a', [2, 1], 20],
    ])
  })

  it('counts what it drops: no key, no value', async () => {
    const counts = stream('t').groupByKey('by-key').count('counts')
    const job = TimedJob.ofCode(
      ['in', 't'],
      stream('in')
        .join('with', counts, (a) => a)
        .to('out'),
    )
    await job.feed(['in', null, 1, 1], ['in', 'a', null, 2])
    expect(job.dropped).to.deep.equal({ with: { 'null-key': 1, 'null-value': 1 } })
  })

  describe('with a table that keeps its history', () => {
    const rated = (options: { readonly grace?: string } = {}) =>
      TimedJob.ofCode(
        ['in', 't'],
        stream('in')
          .leftJoin('with', table('t', { history: '100ms' }), (value, row) => [value, row], options)
          .to('out'),
      )

    it('meets what the table had at the time of the record', async () => {
      const job = rated()
      await job.feed(
        ['t', 'a', 'x', 10],
        ['t', 'a', 'z', 30],
        ['in', 'a', 1, 9],
        ['in', 'a', 2, 20],
        ['in', 'a', 3, 30],
        ['t', 'a', 'y', 20],
        ['in', 'a', 4, 20],
      )
      expect(job.out()).to.deep.equal([
        ['a', [1, null], 9],
        ['a', [2, 'x'], 20],
        ['a', [3, 'z'], 30],
        ['a', [4, 'y'], 20],
      ])
    })

    it('counts updates that are older than the history', async () => {
      const job = rated()
      await job.feed(['t', 'a', 'x', 200], ['t', 'a', 'y', 99], ['in', 'a', 1, 150])
      expect(job.out()).to.deep.equal([['a', [1, null], 150]])
      expect(job.dropped).to.deep.equal({ t: { late: 1 } })
    })

    it('lets records wait for updates that come late, and go on in the order of their time', async () => {
      const job = rated({ grace: '10ms' })
      await job.feed(['in', 'a', 2, 20], ['in', 'a', 1, 15], ['t', 'a', 'x', 12])
      expect(job.out()).to.deep.equal([])
      await job.feed(['in', 'b', 3, 25])
      expect(job.out()).to.deep.equal([['a', [1, 'x'], 15]])
      await job.feed(['in', 'b', 4, 35])
      expect(job.out().slice(1)).to.deep.equal([
        ['a', [2, 'x'], 20],
        ['b', [3, null], 25],
      ])
    })

    it('lets a record that is later than the grace go on at once, and so one without key', async () => {
      const job = rated({ grace: '10ms' })
      await job.feed(['in', 'a', 1, 100], ['in', 'a', 2, 89], ['in', null, 3, 100])
      expect(job.out()).to.deep.equal([
        ['a', [2, null], 89],
        [null, [3, null], 100],
      ])
    })

    it('keeps what waits, and the history, over a crash', async () => {
      const job = rated({ grace: '10ms' })
      await job.feed(['t', 'a', 'x', 10], ['t', 'a', 'y', 30], ['in', 'a', 1, 20])
      job.commit()
      await job.crash()
      await job.feed(['in', 'b', 2, 50])
      expect(job.out()).to.deep.equal([['a', [1, 'x'], 20]])
    })

    it('refuses grace where there is no history', () => {
      const bad = stream('in').join('with', table('t'), (value) => value, { grace: '10ms' })
      expect(() => TimedJob.ofCode(['in', 't'], bad.to('out'))).to.throw(
        InvalidJob,
        /"with": waits for late updates of "t", which keeps no history/,
      )
    })

    it('keeps it through filter and mapValues', async () => {
      const rows = table<string>('t', { history: '100ms' })
        .filter('long', ({ value }) => value.length > 1)
        .mapValues('loud', ({ value }) => value.toUpperCase())
      const job = TimedJob.ofCode(
        ['in', 't'],
        stream('in')
          .leftJoin('with', rows, (_, row) => row)
          .to('out'),
      )
      await job.feed(
        ['t', 'a', 'xx', 10],
        ['t', 'a', 'y', 20],
        ['in', 'a', 1, 15],
        ['in', 'a', 2, 25],
      )
      expect(job.out()).to.deep.equal([
        ['a', 'XX', 15],
        ['a', null, 25],
      ])
    })
  })

  const join = (options: object) => ({ name: 'met', from: 'in', join: { as: 'x', ...options } })
  const problems: readonly (readonly [string, object, RegExp])[] = [
    ['neither stream nor table', join({}), /^steps\[1\]\.join: .*exactly one of stream and table/],
    ['both', join({ stream: 'in', table: 'counts' }), /exactly one of stream and table/],
    [
      'an unknown table',
      join({ table: 'count' }),
      /^steps\[1\]\.join\.table: .*Did you mean "counts"/,
    ],
    ['an unknown stream', join({ stream: 'click' }), /^steps\[1\]\.join\.stream: .*"clicks"/],
    [
      'a stream as table',
      join({ table: 'clicks' }),
      /^steps\[1\]\.join\.table: "clicks" is a stream/,
    ],
    [
      'a window for a table',
      join({ table: 'counts', within: '1m' }),
      /^steps\[1\]\.join\.within: /,
    ],
    ['an outer join with a table', join({ table: 'counts', type: 'Outer' }), /Inner or Left/],
    ['a stream without window', join({ stream: 'clicks' }), /^steps\[1\]\.join: .*write within/],
    ['two ways to say when', join({ stream: 'in', within: '1m', after: '1m' }), /write within, or/],
    ['no duration', join({ stream: 'in', within: '1 minute' }), /"1 minute" is no duration/],
    [
      'a wrong expression',
      join({ stream: 'in', within: '1m', by: 'valu.x' }),
      /^steps\[1\]\.join\.by: /,
    ],
    ['itself', { ...join({ stream: 'met', within: '1m' }) }, /the steps form a cycle: met → met/],
  ]
  for (const [title, step, problem] of problems) {
    it(`is refused with ${title}`, () => {
      expect(problemsOf([counted, step], ['in', 'clicks']).join('\n')).to.match(problem)
    })
  }
})
