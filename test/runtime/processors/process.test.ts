import { expect } from 'chai'
import {
  keyValueStore,
  type ProcessorContext,
  sessionStore,
  versionedStore,
  stream,
  valuesOf,
  windowStore,
} from '../../../runtime/index.ts'
import { bind } from '../../../runtime/dsl/bind.ts'
import { job } from '../../../runtime/dsl/job.ts'
import { describeTopology } from '../../../runtime/topology/describe.ts'
import { subTopologiesOf } from '../../../runtime/topology/sub-topologies.ts'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { operatorCases } from '../../support/operator-cases.ts'

describe('process', () => {
  operatorCases([
    {
      sentence: 'forwards any number of records for one, with keys and values of their own',
      code: (input) => [
        input
          .process('items', {
            output: valuesOf<number>(),
            create: ({ forward }) => ({
              process({ value: { items, n } }) {
                for (const item of items) forward({ key: item, value: n })
              },
            }),
          })
          .to('out'),
      ],
      given: {
        in: [
          ['a', { items: ['x', 'y'], n: 1 }],
          ['b', { items: [], n: 2 }],
          ['c', { items: ['x'], n: 3 }],
        ],
      },
      out: {
        out: [
          ['x', 1],
          ['y', 1],
          ['x', 3],
        ],
      },
    },
    {
      sentence: 'leaves the key as it is unless it gives another, and takes null for a tombstone',
      code: (input) => [
        input
          .process('odd', {
            output: valuesOf<number | null>(),
            create: ({ forward }) => ({
              process({ value: { n } }) {
                forward({ value: n % 2 === 0 ? null : n })
              },
            }),
          })
          .to('out'),
      ],
      given: {
        in: [
          ['a', { n: 1 }],
          [null, { n: 3 }],
          ['a', { n: 2 }],
        ],
      },
      out: {
        out: [
          ['a', 1],
          [null, 3],
          ['a', null],
        ],
      },
    },
    {
      sentence: 'passes on the very record that it got',
      code: (input) => [
        input
          .process('large', {
            create: ({ forward }) => ({
              process(record) {
                if (record.value.n > 1) forward(record)
              },
            }),
          })
          .to('out'),
      ],
      given: {
        in: [
          ['a', { n: 1 }],
          ['b', { n: 2 }],
        ],
      },
      out: { out: [['b', { n: 2 }]] },
    },
    {
      sentence: 'has a stream for each of its outputs',
      code: (input) => {
        const { known, rest } = input.process('seen', {
          stores: { cards: keyValueStore<boolean>() },
          outputs: { known: valuesOf<string>(), rest: valuesOf<{ readonly n: number }>() },
          create: ({ stores: { cards }, forward }) => ({
            process({ value: { card, n } }) {
              if (cards.get(card) === true) return forward({ value: card }, 'known')
              cards.put(card, true)
              forward({ key: card, value: { n } }, 'rest')
            },
          }),
        })
        return [known.to('known'), rest.to('rest')]
      },
      given: {
        in: [
          ['k', { card: 'a', n: 1 }],
          ['k', { card: 'b', n: 2 }],
          ['k', { card: 'a', n: 3 }],
        ],
      },
      out: {
        known: [['k', 'a']],
        rest: [
          ['a', { n: 1 }],
          ['b', { n: 2 }],
        ],
      },
    },
    {
      sentence: 'lets an output go that nothing takes from',
      code: (input) => {
        const { kept } = input.process('half', {
          outputs: { kept: valuesOf<number>(), lost: valuesOf<number>() },
          create: ({ forward }) => ({
            process({ value: { n } }) {
              forward({ value: n }, n > 1 ? 'kept' : 'lost')
            },
          }),
        })
        return [kept.to('out')]
      },
      given: {
        in: [
          ['a', { n: 1 }],
          ['a', { n: 2 }],
        ],
      },
      out: { out: [['a', 2]] },
    },
    {
      sentence: 'may be grouped by the keys that it forwarded, which are brought together first',
      code: (input) => [
        input
          .process('by-card', {
            create: ({ forward }) => ({
              process: ({ value }) => forward({ key: value.card, value }),
            }),
          })
          .groupByKey('cards')
          .count('count')
          .to('out'),
      ],
      given: {
        in: [
          ['x', { card: 'a' }],
          ['y', { card: 'a' }],
        ],
      },
      out: {
        out: [
          ['a', 1],
          ['a', 2],
        ],
      },
    },
    {
      sentence: 'undoes what a record that fails has put and forwarded, and nothing else',
      code: (input) => [
        input
          .process('sum', {
            stores: { sums: keyValueStore<number>() },
            output: valuesOf<number>(),
            create: ({ stores: { sums }, forward }) => ({
              process({ value: { card, n } }) {
                const sum = (sums.get(card) ?? 0) + n
                sums.put(card, sum)
                forward({ key: card, value: sum })
                if (n > 100) throw new RangeError(`${n} is too much`)
              },
            }),
          })
          .to('out'),
      ],
      given: {
        in: [
          ['x', { card: 'a', n: 1 }],
          ['x', { card: 'a', n: 1000 }],
          ['x', { card: 'a', n: 2 }],
        ],
      },
      out: {
        out: [
          ['a', 1],
          ['a', 3],
        ],
      },
      bad: [/^1000 is too much$/],
    },
    ...refused([
      [
        'an output that it does not have',
        ({ forward }) => forward({ value: 1 }, 'lat'),
        /^step "p" has no output "lat": there are early, late\. Did you mean "late"\?$/,
      ],
      [
        'a record for none of its outputs',
        ({ forward }) => forward({ value: 1 }),
        /^step "p" forwards to none of its outputs: there are early, late\.$/,
      ],
      [
        'a time that is none',
        ({ forward }) => forward({ value: 1, timestamp: 1.5 }, 'late'),
        /^a timestamp is a whole number of milliseconds since the epoch, not 1\.5$/,
      ],
      [
        'a header that is no bytes',
        ({ forward }) =>
          forward({ value: 1, headers: [{ key: 'h', value: 'text' as never }] }, 'late'),
        /^a header is \{ key, value \}: text, and a Buffer or null, not string and string$/,
      ],
      [
        'an interval of nothing',
        ({ schedule }) => schedule(0, 'wall-clock', () => undefined),
        /^an interval is a whole number of milliseconds from 1, not 0$/,
      ],
      [
        'an interval in words',
        ({ schedule }) => schedule('soon', 'wall-clock', () => undefined),
        /^"soon" is no duration: write one such as 500ms, 10s/,
      ],
      [
        'a kind of time that is none',
        ({ schedule }) => schedule(1, 'wall' as never, () => undefined),
        /^schedule goes by stream-time or wall-clock, not by wall$/,
      ],
      [
        'a key that is null',
        ({ stores }) => (stores['last'] as { get(key: unknown): void }).get(null),
        /^store "p\.last": a key is not null$/,
      ],
      [
        'a value that is not JSON',
        ({ stores }) =>
          (stores['last'] as { put(key: string, value: unknown): void }).put('a', () => 1),
        /cannot be written as JSON/,
      ],
      [
        'a promise for an answer',
        () => Promise.reject(new Error('nobody hears this')),
        /^the function returned a promise, .*: let mapValuesAsync before it wait$/,
      ],
    ]),
  ])

  /** Sentences about one record, with which a processor does something wrong. */
  function refused(
    rows: readonly (readonly [
      what: string,
      act: (context: ProcessorContext) => unknown,
      why: RegExp,
    ])[],
  ) {
    return rows.map(([what, act, why]) => ({
      sentence: `refuses ${what}`,
      code: (input: ReturnType<typeof stream>) => [
        input
          .process('p', {
            stores: { last: keyValueStore<number>() },
            outputs: { early: valuesOf<number>(), late: valuesOf<number>() },
            create: ((context: ProcessorContext) => ({ process: () => act(context) })) as never,
          })
          .late.to('out'),
      ],
      given: { in: [['a', { n: 1 }]] as const },
      out: { out: [] },
      bad: [why],
    }))
  }

  const input = stream<number>('in')
  const nothing = { create: () => ({ process: () => undefined }) }

  const faults: readonly (readonly [string, () => unknown, RegExp])[] = [
    [
      'an async create',
      () => input.process('p', { create: (async () => undefined) as never }),
      /the function of step "p" is async/,
    ],
    [
      'an option that there is none of',
      () => input.process('p', { ...nothing, store: {} } as never),
      /step "p" has no option "store": there are .*Did you mean "stores"\?/,
    ],
    [
      'an option of a store that there is none of',
      () => keyValueStore({ changlog: false } as never),
      /a key-value store has no option "changlog": .*Did you mean "changelog"\?/,
    ],
    [
      'no outputs where it speaks of outputs',
      () => input.process('p', { ...nothing, outputs: {} }),
      /step "p": outputs is empty: name one, or leave it out/,
    ],
    [
      'a retention that is no time',
      () => windowStore({ retention: 'long' }),
      /"long" is no duration/,
    ],
    ['a retention of nothing', () => sessionStore({ retention: 0 }), /a retention is .*not 0/],
    ['no history', () => versionedStore({ history: 0 }), /a history is .*not 0/],
    [
      'a store that another step has',
      () =>
        job(
          input.process('p', { ...nothing, stores: { q: keyValueStore() } }).to('x'),
          input.groupByKey('g').count('p.q').to('y'),
        ),
      /two steps have a store named "p\.q": give one of the steps another name/,
    ],
  ]
  for (const [what, write, why] of faults) {
    it(`refuses ${what}`, () => expect(write).to.throw(why))
  }

  it('shows in describe() with its stores and their changelogs', () => {
    const { late } = input.process('watch', {
      stores: { last: keyValueStore(), guesses: keyValueStore({ changelog: false }) },
      outputs: { late: valuesOf<number>() },
      create: () => ({ process: () => undefined }),
    })
    const { inputs } = runtimeConfigSchema
      .pick({ inputs: true })
      .parse({ inputs: [{ name: 'in', topic: 'in' }] })
    const topology = bind(job(late.to('out')), { inputs })
    expect(describeTopology(subTopologiesOf(topology, 'app')).split('\n').slice(2)).to.deep.equal([
      '  process watch <- in',
      '  branch watch.late <- watch',
      '  sink watch.late → out -> topic out <- watch.late',
      '  store watch.last (changelog app-watch.last-changelog)',
      '  store watch.guesses (no changelog)',
    ])
  })
})
