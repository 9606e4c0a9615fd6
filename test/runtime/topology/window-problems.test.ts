import { expect } from 'chai'
import { runtimeConfigSchema, type RuntimeConfigInput } from '../../../runtime/config.ts'
import { bind } from '../../../runtime/dsl/bind.ts'
import type { Output } from '../../../runtime/dsl/job.ts'
import { job, session, stream, table, tumbling } from '../../../runtime/index.ts'
import { problemsOf } from '../../support/problems.ts'

const inputs: readonly RuntimeConfigInput['inputs'][number][] = [
  { name: 'in', topic: 'in' },
  { name: 'other', topic: 'other' },
  { name: 'rows', topic: 'rows', as: 'Table' },
]

const windows = (name: string, from: string, window: object = { tumbling: '10s' }) => ({
  ...{ name, from, window, groupBy: 'key', aggregate: { n: 'count()' }, as: 'Table' },
})

const counts = (name: string, from: string, of = tumbling('10s')) =>
  stream<object>(from).groupByKey(`${from}-grouped`).windowedBy(of).count(name)

const pair = (a: unknown, b: unknown) => [a, b]

const refused: readonly (readonly [string, readonly object[], () => Output, RegExp])[] = [
  [
    'a join of windows of two lengths',
    [
      windows('a', 'in'),
      windows('b', 'other', { tumbling: '1m' }),
      { name: 'joined', from: 'a', join: { table: 'b', as: 'b' } },
    ],
    () =>
      counts('a', 'in')
        .join('joined', counts('b', 'other', tumbling('1m')), pair)
        .to('out'),
    /"joined": joins windows of 10000 ms with windows of 60000 ms/,
  ],
  [
    'a join of windows with sessions',
    [
      windows('a', 'in'),
      windows('b', 'other', { session: '10s' }),
      { name: 'joined', from: 'a', join: { table: 'b', as: 'b' } },
    ],
    () =>
      counts('a', 'in')
        .join('joined', counts('b', 'other', session('10s')), pair)
        .to('out'),
    /"joined": joins windows of 10000 ms with sessions/,
  ],
  [
    'a join of rows of windows with rows of none',
    [windows('a', 'in'), { name: 'joined', from: 'a', join: { table: 'rows', as: 'b' } }],
    () => counts('a', 'in').join('joined', table('rows'), pair).to('out'),
    /"joined": joins windows of 10000 ms with rows of no window/,
  ],
  [
    'a stream that meets a table of windows',
    [windows('a', 'in'), { name: 'joined', from: 'other', join: { table: 'a', as: 'b' } }],
    () => stream('other').join('joined', counts('a', 'in'), pair).to('out'),
    /"joined": joins rows of no window with windows of 10000 ms/,
  ],
  [
    'a join by a foreign key of rows of windows',
    [
      windows('a', 'in'),
      { name: 'joined', from: 'a', join: { table: 'rows', by: 'string(value.n)', as: 'b' } },
    ],
    () =>
      counts('a', 'in')
        .joinOn('joined', table('rows'), ({ value }) => value, pair)
        .to('out'),
    /"joined": joins by a foreign key, which windows have not/,
  ],
  [
    'a table of records that are of windows',
    [
      { ...windows('a', 'in'), as: 'Stream' },
      { name: 'kept', from: 'a', filter: 'value.n > 1', as: 'Table' },
    ],
    () => counts('a', 'in').materialize('kept').to('out'),
    /"kept": keeps one row a key, not one a window/,
  ],
]

describe('runtime/topology/window-problems', () => {
  for (const [what, steps, code, problem] of refused) {
    it(`are told of in ${what} (steps)`, () => {
      expect(problemsOf(steps, inputs)[0]).to.match(problem)
    })

    it(`are told of in ${what} (TypeScript)`, () => {
      const parsed = runtimeConfigSchema.pick({ inputs: true }).parse({ inputs })
      expect(() => bind(job(code()), parsed)).to.throw(problem)
    })
  }

  it('are none where windows are the same, nor where a record of a window meets a plain row', () => {
    const steps = [
      windows('a', 'in'),
      windows('b', 'other', { hopping: '10s', every: '5s' }),
      { name: 'both', from: 'a', join: { table: 'b', as: 'b' } },
      { name: 'updates', from: 'a', as: 'Stream' },
      { name: 'joined', from: 'updates', join: { table: 'rows', as: 'c' } },
    ]
    expect(problemsOf(steps, inputs)).to.deep.equal([])
  })
})
