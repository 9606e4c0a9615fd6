import { expect } from 'chai'
import fc from 'fast-check'
import { eventually } from '../support/eventually.ts'
import { JobBench, type JobSpec } from '../support/job-bench.ts'

interface Account {
  readonly branch: string | null
  readonly balance: number
}

interface Branch {
  readonly city: string
}

const spec: JobSpec = {
  inputs: [
    { name: 'accounts', topic: 'accounts', as: 'Table' },
    { name: 'limits', topic: 'limits', as: 'Table' },
  ],
  steps: [
    { name: 'rich', from: 'accounts', filter: 'value.balance >= 5' },
    {
      name: 'branches',
      from: 'rich',
      groupBy: 'value.branch',
      aggregate: { accounts: 'count()', money: 'sum(value.balance)' },
      as: 'Table',
    },
    { name: 'peopled', from: 'branches', filter: 'value.accounts > 0' },
    { name: 'limited', from: 'rich', join: { table: 'limits', as: 'limit', type: 'Outer' } },
  ],
  outputs: [
    { from: 'rich', topic: 'rich' },
    { from: 'peopled', topic: 'peopled' },
    { from: 'limited', topic: 'limited' },
  ],
}

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const update = fc.oneof(
  fc.record({
    topic: fc.constant('accounts' as const),
    key,
    value: fc.option(
      fc.record({ branch: fc.constantFrom(null, 'north', 'south'), balance: fc.nat(9) }),
    ),
  }),
  fc.record({
    topic: fc.constant('limits' as const),
    key,
    value: fc.option(fc.record({ city: fc.constantFrom('Rome', 'Oslo') })),
  }),
)
type Update = typeof update extends fc.Arbitrary<infer T> ? T : never
type Rows<T> = Readonly<Record<string, T>>

describe('a job of tables', () => {
  it('ends with what its inputs have at last, whatever came and wherever it was stopped', () =>
    fc.assert(fc.asyncProperty(fc.array(fc.array(update), { maxLength: 4 }), endsRight), {
      numRuns: 15,
    }))
})

/** Each of `lives` is what comes while an instance runs, until it stops and another takes its place. */
async function endsRight(lives: readonly (readonly Update[])[]): Promise<void> {
  const bench = new JobBench({ accounts: 3, limits: 3, rich: 1, peopled: 1, limited: 1 })
  try {
    for (const updates of [[], ...lives]) {
      const instance = bench.start(spec)
      for (const { topic, key, value } of updates) bench.produce(topic, [[key, value]])
      await eventually(() => bench.expectIdle(instance), { everyMs: 5 })
      await bench.stop()
    }
    expect(rowsOf(bench)).to.deep.equal(expectedOf(lives.flat()))
  } finally {
    await bench.stop()
  }
}

const rowsOf = (bench: JobBench) =>
  Object.fromEntries(
    ['rich', 'peopled', 'limited'].map((topic) => [topic, present(bench.latest(topic))]),
  )

function expectedOf(updates: readonly Update[]) {
  const accounts = latest<Account>(updates, 'accounts')
  const limits = latest<Branch>(updates, 'limits')
  const rich = present(
    Object.fromEntries(
      Object.entries(accounts).map(([owner, account]) => [
        owner,
        account.balance >= 5 ? account : null,
      ]),
    ),
  ) as Rows<Account>
  const byBranch = Object.groupBy(Object.values(rich), ({ branch }) => branch ?? 'none')
  const peopled = ['north', 'south'].flatMap((branch) => {
    const of = byBranch[branch] ?? []
    const money = of.reduce((sum, { balance }) => sum + balance, 0)
    return of.length === 0 ? [] : [[branch, { accounts: of.length, money }] as const]
  })
  const owners = [...Object.keys(rich), ...Object.keys(limits)]
  const limited = owners.map((owner) => [owner, { ...rich[owner], limit: limits[owner] ?? null }])
  return {
    rich,
    peopled: Object.fromEntries(peopled),
    limited: Object.fromEntries(limited) as object,
  }
}

const latest = <T>(updates: readonly Update[], from: Update['topic']) =>
  present(
    Object.fromEntries(
      updates.filter(({ topic }) => topic === from).map(({ key: of, value }) => [of, value]),
    ),
  ) as Rows<T>

const present = (rows: Rows<unknown>) =>
  Object.fromEntries(Object.entries(rows).filter(([, value]) => value !== null))
