import { isDeepStrictEqual } from 'node:util'
import { expect } from 'chai'
import type { JobSpec } from '../support/job-bench.ts'
import { COMMIT_MS, InterruptedJob } from './interrupted-job.ts'

export type Guarantee = 'AtLeastOnce' | 'ExactlyOnce'
/** When its aggregates emit. */
export type Emission = 'OnUpdate' | 'OnCommit'

const DEAD_LETTERS = 'test.job-dead-letters'
/** Steps of the clock at which some of the input comes. */
const WAVES = [0, 2, 3, 6]
const WAVE_RECORDS = 6

const keys = ['a', 'b', 'c'] as const

interface Input {
  readonly key: string
  readonly value: unknown
  readonly isBad: boolean
}

const waveOf = (wave: number): readonly Input[] =>
  Array.from({ length: WAVE_RECORDS }, (_, n) => {
    const id = wave * WAVE_RECORDS + n
    const key = keys[id % keys.length] ?? ''
    const isBad = id % 8 === 5
    return { key, value: isBad ? `bad ${id}` : { id, of: key }, isBad }
  })

/** Counts records by key, and, where updates wait for the commit, what all of them come to: through two stages that wait. */
const spec = (guarantee: Guarantee, emit: Emission): JobSpec => ({
  inputs: [{ name: 'in', topic: 'in' }],
  steps: [
    { name: 'good', from: 'in', filter: 'value.id >= 0' },
    { name: 'counts', from: 'good', groupBy: 'value.of', emit, aggregate: { n: 'count()' } },
    ...(emit === 'OnCommit' ? summed : []),
  ],
  outputs: [
    { from: 'good', topic: 'out' },
    { from: 'counts', topic: 'totals' },
    ...(emit === 'OnCommit' ? [{ from: 'sums', topic: 'sums' }] : []),
  ],
  onError: 'DeadLetter',
  guarantee,
  commitIntervalMs: COMMIT_MS,
})

const summed: NonNullable<JobSpec['steps']> = [
  {
    name: 'by-key',
    from: 'good',
    groupBy: 'key',
    emit: 'OnCommit',
    aggregate: { n: 'count()' },
    as: 'Table',
  },
  {
    name: 'sums',
    from: 'by-key',
    groupBy: '"all"',
    emit: 'OnCommit',
    aggregate: { records: 'sum(value.n)', keys: 'count()' },
  },
]

/** A job that passes records on, counts them by key and sets bad ones aside. */
export class KilledJob extends InterruptedJob {
  readonly #emit: Emission
  readonly #given: Input[] = []
  #waves = 0

  constructor(guarantee: Guarantee, emit: Emission) {
    super({ in: 2, out: 2, totals: 2, sums: 1 }, spec(guarantee, emit), WAVES)
    this.#emit = emit
  }

  giveMore(): void {
    const wave = waveOf(this.#waves++)
    this.#given.push(...wave)
    this.bench.produce(
      'in',
      wave.map(({ key, value }) => [key, value] as const),
    )
  }

  expectOnce(): void {
    expect(this.#deadLetters).to.have.members(this.#bad)
    for (const key of keys) {
      const values = this.#goodOf(key)
      expect(this.#valuesOf('out', key), `out of ${key}`).to.deep.equal(values)
      this.#expectTotals(
        key,
        values.map((_, index) => ({ n: index + 1 })),
      )
      const state = this.bench.latest('test.job-counts-changelog')
      expect(state[key], `state of ${key}`).to.deep.equal({ n: values.length })
    }
    this.#expectSum()
  }

  /** Of what waited for a commit the last is there, after some of those before it. */
  #expectTotals(key: string, all: readonly unknown[]): void {
    const totals = this.#valuesOf('totals', key)
    if (this.#emit === 'OnUpdate') expect(totals, `totals of ${key}`).to.deep.equal(all)
    const some = all.filter((total) => totals.some((one) => isDeepStrictEqual(one, total)))
    expect(totals, `totals of ${key}`).to.deep.equal(some)
    expect(totals.at(-1), `total of ${key}`).to.deep.equal(all.at(-1))
  }

  /** What was taken back is what had been added. */
  #expectSum(): void {
    if (this.#emit === 'OnUpdate') return
    const records = keys.reduce((sum, key) => sum + this.#goodOf(key).length, 0)
    const sum = this.#valuesOf('sums', 'all').at(-1)
    expect(sum, 'sum').to.deep.equal({ records, keys: keys.length })
  }

  expectNothingLost(): void {
    expect(this.#deadLetters).to.include.members(this.#bad)
    const totals = this.bench.latest('totals') as Record<string, { n: number }>
    for (const key of keys) {
      const values = this.#goodOf(key)
      expect(this.#valuesOf('out', key), `out of ${key}`).to.include.deep.members(values)
      expect(totals[key]?.n, `total of ${key}`).to.be.at.least(values.length)
    }
  }

  get #bad(): unknown[] {
    return this.#given.flatMap(({ value, isBad }) => (isBad ? [value] : []))
  }

  get #deadLetters(): unknown[] {
    return this.bench.records(DEAD_LETTERS).map(({ value }) => value)
  }

  #goodOf(of: string): unknown[] {
    return this.#given.flatMap(({ key, value, isBad }) => (key === of && !isBad ? [value] : []))
  }

  protected get isCommitted(): boolean {
    const { embedded } = this.bench
    const committed = embedded.groups.get('test.job')?.committed
    return ['in', ...this.#repartitions].every((topic) =>
      embedded.topics
        .get(topic)
        ?.logs.every(
          ({ endOffset }, partition) =>
            endOffset === (committed?.get(`${topic}-${partition}`)?.offset ?? 0),
        ),
    )
  }

  get #repartitions(): readonly string[] {
    const steps = this.#emit === 'OnCommit' ? ['counts', 'sums'] : ['counts']
    return steps.map((step) => `test.job-${step}-repartition`)
  }

  #valuesOf(topic: string, of: string): unknown[] {
    return this.bench
      .records(topic)
      .flatMap(({ key, value }) => (key === of ? [JSON.parse(value ?? '') as unknown] : []))
  }
}
