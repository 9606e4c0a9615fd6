import { expect } from 'chai'
import { keyAt, valueAt } from '../../runtime/broker/record-batch.ts'
import { fuse } from '../../runtime/fused/fuse.ts'
import type { JobSpec } from '../support/job-bench.ts'
import { COMMIT_MS, InterruptedJob } from './interrupted-job.ts'
import { countCalls, dieAt, fenceAt, type Interrupted, untouched } from './interruptions.ts'
import { subTopologyOf } from '../runtime/fused/equivalence.ts'

/** Steps of the clock at which some of the input comes. */
const WAVES = [0, 1, 2, 4]
const WAVE_RECORDS = 30

const groups: Readonly<Record<string, object>> = {
  plain: {},
  tumbling: { window: { tumbling: '5s', grace: '1m' } },
  hopping: { window: { hopping: '5s', every: '2s', grace: '1m' } },
  sessions: { window: { session: '2s', grace: '1m' }, as: 'Table' },
}
const names = Object.keys(groups)

/** A field that is no number is for the interpreter, and one that is not there nobody can add. */
const spec = (eventTime?: string): JobSpec => ({
  inputs: [{ name: 'in', topic: 'in', ...(eventTime && { eventTime }) }],
  steps: names.map((name) => ({
    ...{ name, from: 'in', groupBy: 'key', ...groups[name] },
    aggregate: { n: 'count()', sum: 'sum(value.x)', mean: 'avg(value.x)' },
  })),
  outputs: names.map((name) => ({
    ...{ from: name, topic: name, format: 'Json' },
    windowedKey: name !== 'plain',
  })),
  onError: 'DeadLetter',
  guarantee: 'ExactlyOnce',
  commitIntervalMs: COMMIT_MS,
})

/** Times mostly go on; every now and then a key is quiet for long enough to end a session. */
function inputOf(wave: number): [key: string, value: unknown, time: number][] {
  return Array.from({ length: WAVE_RECORDS }, (_, n) => {
    const id = wave * WAVE_RECORDS + n
    const x = id % 11 === 7 ? 'none' : id % 13 === 5 ? 1e300 : id / 4
    return [`key ${(id * id) % 5}`, { x }, 1_700_000_000_000 + id * 300 - (id % 3) * 500]
  })
}

/** Aggregates of every kind over one input, whose records come in waves. */
class Aggregates extends InterruptedJob {
  #waves = 0

  constructor(spec: JobSpec) {
    super({ in: 1, ...topics }, spec, WAVES)
  }

  giveMore(): void {
    this.bench.produce('in', inputOf(this.#waves++))
  }

  /** All that readers of committed records see, and what the changelogs come to. */
  outcome(): unknown {
    const states = names.map((name) => new Map(this.#records(`test.job-${name}-changelog`)))
    return {
      outputs: names.map((name) => this.#records(name)),
      deadLetters: this.bench.records('test.job-dead-letters').map(({ value }) => value),
      states: states.map((state) => [...state].filter(([, { value }]) => value !== null).sort()),
    }
  }

  /** By the bytes of their keys. */
  #records(topic: string) {
    const [log] = this.bench.embedded.topics.get(topic)?.logs ?? []
    return (log?.readCommitted(0, Infinity).batches ?? []).flatMap((batch) => {
      const columns = batch.columns()
      return Array.from({ length: columns.count }, (_, index) => {
        const value = valueAt(columns, index)?.toString() ?? null
        const timestamp = batch.timestamp(columns, index)
        return [keyAt(columns, index)?.toString('hex') ?? '', { value, timestamp }] as const
      })
    })
  }

  protected get isCommitted(): boolean {
    const committed = this.bench.embedded.groups.get('test.job')?.committed.get('in-0')?.offset
    return committed === WAVES.length * WAVE_RECORDS
  }
}

const topics = Object.fromEntries(names.map((name) => [name, 1]))

describe('aggregates in a program that is interrupted at every call of the broker', function () {
  this.timeout(120_000)

  const [fused, interpreted] = [spec(), spec('timestamp')]
  let expected: unknown

  before(async () => {
    const isFused = (job: JobSpec) => {
      const [subTopology] = subTopologyOf(job)
      return subTopology !== undefined && fuse(subTopology, 'test.job', () => 1) !== undefined
    }
    expect([fused, interpreted].map(isFused)).to.deep.equal([true, false])
    const job = new Aggregates(interpreted)
    job.start(untouched)
    await job.finish(() => undefined)
    await job.stop()
    expected = job.outcome()
  })

  const rows: readonly (readonly [
    sentence: string,
    interrupt: (job: Interrupted, at: number) => Promise<void>,
  ])[] = [
    ['where it dies before the call', (job, at) => dieAt(job, at, 'before')],
    ['where it dies before the answer', (job, at) => dieAt(job, at, 'after')],
    ['where its transaction is aborted', fenceAt],
  ]
  for (const [sentence, interrupt] of rows) {
    it(`come to what the interpreter comes to undisturbed, ${sentence}`, async () => {
      const undisturbed = new Aggregates(fused)
      const calls = await countCalls(undisturbed)
      expect(undisturbed.outcome()).to.deep.equal(expected)
      expect(calls).to.be.greaterThan(50)
      for (let at = 1; at <= calls; at++) {
        const job = new Aggregates(fused)
        await interrupt(job, at)
        expect(job.outcome(), `interrupted at call ${at} of ${calls}`).to.deep.equal(expected)
      }
    })
  }
})
