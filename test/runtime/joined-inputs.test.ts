import { expect } from 'chai'
import { runtimeConfigSchema } from '../../runtime/config.ts'
import { bind } from '../../runtime/dsl/bind.ts'
import { job, type Output } from '../../runtime/dsl/job.ts'
import { stream } from '../../runtime/dsl/stream.ts'
import { eventually } from '../support/eventually.ts'
import { JobBench, PRODUCED_AT } from '../support/job-bench.ts'
import { OpenCalls } from '../support/open-calls.ts'

const inputs = ['l', 'r'].map((name) => ({ name, topic: name }))

const pair = (left: unknown, right: unknown) => [left, right]

describe('a job that joins two inputs', () => {
  let bench: JobBench

  beforeEach(() => {
    bench = new JobBench({ l: 2, r: 2, out: 1 })
  })

  afterEach(() => bench.stop())

  function start(output: Output) {
    const parsed = runtimeConfigSchema.pick({ inputs: true }).parse({ inputs })
    const topology = bind(job(output), parsed)
    return bench.start(
      { inputs, code: { path: 'job.ts' } },
      { loadTopology: () => Promise.resolve(topology) },
    )
  }

  const table = () => stream('r').groupByKey('by-key').count('counts')

  it('does not wait for records of an input that has none', async () => {
    start(stream('l').leftJoin('with', table(), pair).to('out'))
    bench.produce('l', [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    await eventually(() => expect(bench.values('out')).to.have.length(3), { everyMs: 5 })
  })

  it('goes by event time, not by which topic is read first', async () => {
    const many = Array.from({ length: 500 }, (_, n) => n)
    bench.produce(
      'l',
      many.map((n) => [`k${n % 7}`, n, PRODUCED_AT + 2 * n + 1]),
    )
    bench.produce(
      'r',
      many.map((n) => [`k${n % 7}`, n, PRODUCED_AT + 2 * n]),
    )
    start(stream('l').leftJoin('with', table(), pair).to('out'))
    await eventually(() => expect(bench.values('out')).to.have.length(500), { everyMs: 5 })
    const expected = many.map((n) => [n, Math.floor(n / 7) + 1])
    const byNumber = (a: readonly number[], b: readonly number[]) => (a[0] ?? 0) - (b[0] ?? 0)
    expect((bench.values('out') as number[][]).toSorted(byNumber)).to.deep.equal(expected)
  })

  it('goes on while an async function before the join has not answered', async () => {
    const calls = new OpenCalls<number>()
    const asked = stream<number>('l').mapValuesAsync(
      'asked',
      ({ value }, signal) => calls.call(value, signal),
      { concurrency: 1 },
    )
    start(asked.leftJoin('with', table(), pair).to('out'))
    bench.produce('l', [
      ['a', 1],
      ['a', 2],
    ])
    await eventually(() => expect(calls.made).to.deep.equal([1]), { everyMs: 5 })
    bench.produce('r', [['a', 0]])
    calls.answerAll()
    await eventually(() => expect(calls.made).to.deep.equal([1, 2]), { everyMs: 5 })
    calls.answerAll()
    await eventually(() => expect(bench.values('out')).to.have.length(2), { everyMs: 5 })
  })
})
