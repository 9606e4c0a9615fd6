import { expect } from 'chai'
import type { Problem } from '../../../runtime/errors.ts'
import { aggregateOf, requireReversible } from '../../../runtime/topology/aggregate-fields.ts'
import { FieldCompiler } from '../../../runtime/topology/field-compiler.ts'
import type { StreamRecord } from '../../../runtime/topology/record.ts'

const record = (value: unknown): StreamRecord => ({
  key: 'k',
  value,
  timestamp: 0,
  topic: 't',
  partition: 0,
  offset: 0,
  headers: [],
  window: null,
})

function aggregate(sources: Readonly<Record<string, string>>) {
  const problems: Problem[] = []
  const compiler = new FieldCompiler('steps[0]', problems)
  const fields = aggregateOf(sources, compiler)
  const stateOf = (...values: readonly unknown[]) =>
    values.map(record).reduce(fields.aggregator, fields.initializer())
  return { ...fields, problems, compiler, fields, stateOf }
}

describe('runtime/topology/aggregate-fields.ts', () => {
  it('keeps an entry for each field, to be read by eye', () => {
    const { stateOf, result } = aggregate({ n: 'count()', mean: 'avg(value)' })
    expect(stateOf(1, 2)).to.deep.equal({ n: 2, mean: { sum: 3, count: 2 } })
    expect(result(stateOf(1, 2))).to.deep.equal({ n: 2, mean: 1.5 })
  })

  it('starts a field that a state from before does not have', () => {
    const { aggregator, merger, result } = aggregate({ n: 'count()', constructor: 'min(value)' })
    expect(aggregator({ n: 4 }, record(7))).to.deep.equal({ n: 5, constructor: 7 })
    expect(result({ n: 4 })).to.deep.equal({ n: 4, constructor: null })
    expect(merger({ n: 4 }, { n: 1, constructor: 3 })).to.deep.equal({ n: 5, constructor: 3 })
  })

  it('merges field by field, the earlier state first', () => {
    const { stateOf, merger, result } = aggregate({ n: 'count()', all: 'collect(value, 3)' })
    const merged = merger(stateOf('a', 'b'), stateOf('c', 'd'))
    expect(result(merged)).to.deep.equal({ n: 4, all: ['b', 'c', 'd'] })
  })

  it('takes a record back if all fields can', () => {
    const { stateOf, subtractor, irreversible } = aggregate({ n: 'count()', total: 'sum(value)' })
    expect(subtractor?.(stateOf(1, 2), record(1))).to.deep.equal({ n: 1, total: 2 })
    expect(irreversible).to.deep.equal([])
  })

  it('names the fields that cannot, and the functions that could', () => {
    const { subtractor, fields, compiler, problems } = aggregate({
      n: 'count()',
      least: 'min(value)',
      ids: 'collect(value, 3)',
    })
    expect(subtractor).to.equal(undefined)
    requireReversible(fields, compiler)
    expect(compiler.failed).to.equal(true)
    expect(problems.map(({ path, message }) => `${path}: ${message}`)).to.deep.equal(
      ['least', 'ids'].map(
        (name) =>
          `steps[0].aggregate.${name}: cannot take back what an update of the table replaces; count, countIf, sum, avg, variance, stddev, quantile can`,
      ),
    )
  })

  it('notes every field that does not compile under its path', () => {
    const { problems } = aggregate({ a: 'count()', b: 'summ(value)', c: 'sum()' })
    expect(problems.map(({ path }) => path)).to.deep.equal([
      'steps[0].aggregate.b',
      'steps[0].aggregate.c',
    ])
  })
})
