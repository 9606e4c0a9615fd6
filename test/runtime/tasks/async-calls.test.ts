import { setImmediate as settled } from 'node:timers/promises'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Stream } from '../../../runtime/dsl/stream.ts'
import { OpenCalls } from '../../support/open-calls.ts'
import { TaskBench } from './task-bench.ts'

interface Subject {
  readonly n: number
  readonly key: string | null
}

/** The keys of the records, in their order. */
const keys = fc.array(fc.constantFrom('a', 'b', 'c', null), { minLength: 1, maxLength: 30 })

/** What happens: one of the open calls ends, a commit is due, or the process dies. */
const event = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('answer'), pick: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reject'), pick: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('commit'), pick: fc.constant(0) }) },
)

const schedule = fc.array(event, { maxLength: 60 })

const recordsOf = (of: readonly (string | null)[]) => of.map((key, n) => [key, { n, key }] as const)

/** More than all records of a test, one after the other. */
const MAX_ROUNDS = 200

/** A bench whose job asks `calls`, with a hand that drives it. */
class Driver {
  readonly calls = new OpenCalls<Subject>()
  readonly rejected: number[] = []
  readonly bench: TaskBench<Subject>

  constructor(
    write: (
      input: Stream<Subject>,
      ask: (record: { readonly value: Subject }, signal: AbortSignal) => Promise<Subject>,
    ) => ReturnType<Stream<Subject>['to']>,
  ) {
    this.bench = new TaskBench((input) =>
      write(input, ({ value }, signal) => this.calls.call(value, signal)),
    )
  }

  async happens({ kind, pick }: { readonly kind: string; readonly pick: number }): Promise<void> {
    if (kind === 'commit') this.bench.commit()
    else if (this.calls.open.length > 0) this.#end(kind, pick)
    await settled()
    this.bench.work()
  }

  /** Answers whatever is asked until nothing is. */
  async finish(): Promise<void> {
    for (let round = 0; this.bench.task.isPending || this.bench.task.isBehind; round++) {
      if (round > MAX_ROUNDS) throw new Error('the task does not get on')
      this.calls.answerAll()
      this.bench.commit()
      await settled()
      this.bench.work()
    }
    this.bench.commit()
  }

  #end(kind: string, pick: number): void {
    const { subject, answer, reject } = this.calls.take(pick)
    if (kind === 'answer') return answer(subject)
    this.rejected.push(subject.n)
    reject(new Error('no'))
  }
}

const numbers = (values: readonly unknown[]) => values.map((value) => (value as Subject).n)
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('runtime/tasks/async-calls.ts', () => {
  it('keeps the order of the records, the bound, and the calls of a key apart, whatever answers first', () =>
    fc.assert(
      fc.asyncProperty(
        keys,
        schedule,
        fc.integer({ min: 1, max: 5 }),
        async (of, events, bound) => {
          const driver = new Driver((input, ask) =>
            input
              .flatMapValues('twice', ({ value: { n, key } }) => [
                { n: 2 * n, key },
                { n: 2 * n + 1, key },
              ])
              .mapValuesAsync('asked', ask, { concurrency: bound })
              .to('out'),
          )
          const { bench, calls } = driver
          bench.produce(recordsOf(of))
          await bench.start()
          for (const one of events) {
            await driver.happens(one)
            expect(calls.open.length).to.be.at.most(bound)
            const busy = calls.open.flatMap(({ subject }) => subject.key ?? [])
            expect(new Set(busy).size).to.equal(busy.length)
            const done = bench.values('out').length + bench.deadLetters.length
            expect(2 * bench.committed).to.be.at.most(done)
          }
          await driver.finish()
          const rejected = driver.rejected.toSorted((a, b) => a - b)
          const all = upTo(2 * of.length)
          expect(numbers(calls.made)).to.have.members(all)
          expect(numbers(bench.deadLetters)).to.deep.equal(rejected.map((n) => Math.floor(n / 2)))
          expect(numbers(bench.values('out'))).to.deep.equal(
            all.filter((n) => !rejected.includes(n)),
          )
          expect(bench.committed).to.equal(of.length)
        },
      ),
    ))

  it('loses no record when the process dies at any point, and starts at the first unfinished one', () =>
    fc.assert(
      fc.asyncProperty(keys, schedule, schedule, async (of, before, after) => {
        const driver = new Driver((input, ask) =>
          input
            .mapValuesAsync('first', ask, { concurrency: 3 })
            .mapValuesAsync('second', ask, { concurrency: 2 })
            .to('out'),
        )
        const { bench, calls } = driver
        bench.produce(recordsOf(of))
        await bench.start()
        for (const one of before) await driver.happens(one)
        const done = numbers([...bench.values('out'), ...bench.deadLetters])
        expect(done).to.include.members(upTo(bench.committed))
        calls.answerAll()
        await bench.start()
        for (const one of after) await driver.happens(one)
        await driver.finish()
        expect(new Set(numbers([...bench.values('out'), ...bench.deadLetters]))).to.deep.equal(
          new Set(upTo(of.length)),
        )
      }),
    ))

  for (const [place, write] of Object.entries<ConstructorParameters<typeof Driver>[0]>({
    'before an async step': (input, ask) =>
      input
        .groupByKey('by-key')
        .aggregate<Subject & { count: number }>('counts', {
          initial: () => ({ n: 0, key: null, count: 0 }),
          add: ({ count }, { value }) => ({ ...value, count: count + 1 }),
        })
        .toStream()
        .mapValuesAsync('asked', async (record, signal) => ({
          ...(await ask(record, signal)),
          count: record.value.count,
        }))
        .to('out'),
    'behind an async step': (input, ask) =>
      input.mapValuesAsync('asked', ask).groupByKey('by-key').count('counts').to('out'),
  })) {
    it(`counts each record once ${place} when the process dies between commits`, () =>
      fc.assert(
        fc.asyncProperty(keys, schedule, schedule, async (of, before, after) => {
          const driver = new Driver(write)
          const { bench, calls } = driver
          bench.produce(recordsOf(of))
          await bench.start()
          const answers = (list: typeof before) => list.filter(({ kind }) => kind !== 'reject')
          for (const one of answers(before)) await driver.happens(one)
          calls.answerAll()
          await bench.start()
          for (const one of answers(after)) await driver.happens(one)
          await driver.finish()
          const stored = bench
            .values('test.job-counts-changelog')
            .map((state) =>
              typeof state === 'number' ? state : (state as { count: number }).count,
            )
          const ofKey = Map.groupBy(of, (key) => key ?? '')
          ofKey.delete('')
          const largest = Math.max(0, ...[...ofKey.values()].map(({ length }) => length))
          expect(Math.max(0, ...stored)).to.equal(largest)
        }),
      ))
  }
})
