import { expect } from 'chai'
import { bind } from '../../../runtime/dsl/bind.ts'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { globalTable, job, type Output, stream } from '../../../runtime/index.ts'
import { eventually } from '../../support/eventually.ts'
import { JobBench } from '../../support/job-bench.ts'
import { problemsOf } from '../../support/problems.ts'

interface Payment {
  readonly currency: string | null
}

const inputs = [
  { name: 'payments', topic: 'payments' },
  { name: 'rates', topic: 'rates', as: 'GlobalTable' as const },
]
const rated = (type: 'Inner' | 'Left') => ({
  name: 'rated',
  from: 'payments',
  join: { table: 'rates', by: 'value.currency', as: 'rate', type },
})
const spec = (type: 'Inner' | 'Left', onError: 'Fail' | 'Skip' = 'Fail') => ({
  inputs,
  steps: [rated(type)],
  outputs: [{ from: 'rated', topic: 'out' }],
  onError,
})

const payments = stream<Payment>('payments')
const rates = globalTable<number>('rates')
const currency = ({ value }: { readonly value: Payment }) => value.currency
const both = (value: Payment, rate: number | null) => ({ ...value, rate })

describe('a global table', () => {
  let bench: JobBench

  beforeEach(() => (bench = new JobBench({ payments: 2, rates: 3, out: 1 })))
  afterEach(() => bench.stop())

  const startCode = (output: Output) => {
    const parsed = runtimeConfigSchema.pick({ inputs: true }).parse({ inputs })
    const loadTopology = () => Promise.resolve(bind(job(output), parsed))
    return bench.start({ inputs, code: { path: 'job.ts' } }, { loadTopology })
  }
  const seen = () =>
    bench
      .records('out')
      .map(({ key, value }) => `${key} ${value}`)
      .sort()
  const rateAll = () => {
    for (const [key, rate] of Object.entries({ EUR: 1, GBP: 1.2, USD: 0.9, JPY: 0.006 }))
      bench.produce('rates', [[key, rate]])
  }
  const all = ['EUR', 'GBP', 'USD', 'JPY', 'XXX', null]
  const payAll = () =>
    all.forEach((key, n) => bench.produce('payments', [[`p${n}`, { currency: key }]]))

  for (const [title, start] of [
    ['steps', () => bench.start(spec('Inner'))],
    ['TypeScript', () => startCode(payments.joinGlobal('rated', rates, currency, both).to('out'))],
  ] as const) {
    it(`is whole before the first record meets it, whatever partitions it has (${title})`, async () => {
      rateAll()
      payAll()
      const instance = start()
      await eventually(() => expect(seen()).to.have.length(4))
      expect(seen()).to.deep.equal([
        'p0 {"currency":"EUR","rate":1}',
        'p1 {"currency":"GBP","rate":1.2}',
        'p2 {"currency":"USD","rate":0.9}',
        'p3 {"currency":"JPY","rate":0.006}',
      ])
      expect(instance.status().internalTopics).to.deep.equal([])
      expect(instance.status().tasks).to.have.length(2)
    })
  }

  for (const [title, start] of [
    ['steps', () => bench.start(spec('Left'))],
    [
      'TypeScript',
      () => startCode(payments.leftJoinGlobal('rated', rates, currency, both).to('out')),
    ],
  ] as const) {
    it(`gives null under Left, and drops a record that asks for no key (${title})`, async () => {
      start()
      bench.produce('payments', [
        ['p1', { currency: null }],
        ['p2', { currency: 'XXX' }],
        ['p3', null],
      ])
      await eventually(() => expect(seen()).to.deep.equal(['p2 {"currency":"XXX","rate":null}']))
    })
  }

  it('is of the moment: what changes in it changes what comes, and what came stays', async () => {
    bench.produce('rates', [['EUR', 1]])
    bench.start(spec('Left'))
    const pays = (times: number) =>
      eventually(() => {
        bench.produce('payments', [['p', { currency: 'EUR' }]])
        expect(bench.values('out').at(-1)).to.deep.equal({ currency: 'EUR', rate: times })
      })
    await pays(1)
    bench.produce('rates', [['EUR', 2]])
    await pays(2)
    const before = bench.records('out').filter(({ value }) => value?.includes('"rate":1') === true)
    expect(before).to.have.length.greaterThan(0)
  })

  it('is whole in every thread', async () => {
    rateAll()
    bench.start({ ...spec('Inner'), threads: 2 })
    payAll()
    await eventually(() => expect(seen()).to.have.length(4))
  })

  it('takes up partitions that its topic gets while the job runs', async () => {
    bench.start({ ...spec('Inner'), metadataMaxAgeMs: 1000 })
    bench.embedded.growTopic('rates', 4)
    const keys = Array.from({ length: 20 }, (_, n) => `C${n}`)
    for (const key of keys) bench.produce('rates', [[key, 1]])
    await eventually(
      () => {
        for (const key of keys) bench.produce('payments', [[key, { currency: key }]])
        expect(new Set(bench.records('out').map(({ key }) => key)).size).to.equal(keys.length)
      },
      { timeoutMs: 8000 },
    )
  })

  it('stops the job at a record that cannot be read, and says where it is', async () => {
    bench.produce('rates', [['EUR', 'no JSON']])
    const instance = bench.start(spec('Inner'))
    const error = await instance.ended.then(
      () => undefined,
      (reason: Error) => reason,
    )
    expect(error?.message).to.match(/rates-\d@0: InvalidJson in "rates": not JSON/)
  })

  it('goes on without a record that cannot be read under Skip', async () => {
    bench.produce('rates', [
      ['EUR', 'no JSON'],
      ['GBP', 2],
      [null, 3],
    ])
    bench.produce('payments', [['p', { currency: 'GBP' }]])
    const instance = bench.start(spec('Inner', 'Skip'))
    await eventually(() => expect(seen()).to.deep.equal(['p {"currency":"GBP","rate":2}']))
    expect(instance.status().counts.skipped).to.equal(1)
  })

  const refused: readonly (readonly [step: object, problem: RegExp])[] = [
    [{ from: 'rates', filter: 'true' }, /steps\[0\]\.from: "rates" is a global table.*join\.table/],
    [
      { from: 'payments', merge: ['payments', 'rates'] },
      /steps\[0\]\.merge\[1\]: "rates" is a global table/,
    ],
    [
      { ...rated('Left'), join: { ...rated('Left').join, type: 'Outer' } },
      /steps\[0\]\.join\.type: .*Inner or Left/,
    ],
  ]
  for (const [step, problem] of refused) {
    it(`is refused where it does not belong: ${problem.source}`, () => {
      const output = [{ from: 'payments', topic: 'out' }]
      const [first = ''] = problemsOf([{ name: 'one', ...step }], inputs, output)
      expect(first).to.match(problem)
    })
  }
})
