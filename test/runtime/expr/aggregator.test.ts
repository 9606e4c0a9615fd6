import { expect } from 'chai'
import { compileAggregator } from '../../../runtime/expr/aggregator.ts'
import type { Environment } from '../../../runtime/expr/environment.ts'
import { ExpressionError } from '../../../runtime/expr/expression-error.ts'

const environment: Environment<unknown> = { variables: { value: (subject) => subject } }

const resultOf = (source: string, values: readonly unknown[]): unknown => {
  const { initial, add, result } = compileAggregator(source, environment)
  return result(values.reduce(add, initial))
}

const payments = [
  { amount: 20, id: 'a', refund: false },
  { amount: 50, id: 'b', refund: true },
  { amount: 20, id: 'c', refund: false },
]

const sentences: readonly (readonly [
  source: string,
  values: readonly unknown[],
  result: unknown,
])[] = [
  ['count()', payments, 3],
  ['count()', [], 0],
  ['countIf(value.refund)', payments, 1],
  ['sum(value.amount)', payments, 90],
  ['sum(value.amount * 2)', payments, 180],
  ['sum(value)', [], 0],
  ['min(value.amount)', payments, 20],
  ['max(value.amount)', payments, 50],
  ['min(value)', [], null],
  ['avg(value.amount)', payments, 30],
  ['avg(value)', [], null],
  ['variance(value)', [2, 4, 4, 6], 8 / 3],
  ['variance(value)', [1e9 + 1, 1e9 + 2, 1e9 + 3], 1],
  ['stddev(value)', [2, 4, 6], 2],
  ['stddev(value)', [2], null],
  ['first(value.id)', payments, 'a'],
  ['first(value)', [null, 1], null],
  ['last(value.id)', payments, 'c'],
  ['last(value)', [1, null], null],
  ['last(value)', [], null],
  ['topN(value.amount, 2)', payments, [50, 20]],
  ['topN(value.amount, 5)', payments, [50, 20, 20]],
  ['topN(value.amount, 2, value.id)', payments, ['b', 'a']],
  ['topN(-value.amount, 2, value.id)', payments, ['a', 'c']],
  ['collect(value.id, 2)', payments, ['b', 'c']],
  ['collect(value.id, 9)', payments, ['a', 'b', 'c']],
  ['collect(value, 1)', [{ a: 1 }, [2]], [[2]]],
  ['distinct(value.amount)', payments, 2],
  ['distinct(value)', [1, '1', null, 1, { a: 1, b: 2 }, { b: 2, a: 1 }, [1]], 5],
  ['distinct(value)', [], 0],
  ['quantile(value, 0.5)', [0, 0, 7], 0],
  ['quantile(value, 0.5)', [], null],
]

const mistakes: readonly (readonly [source: string, message: RegExp])[] = [
  ['', /./],
  ['value.amount', /^1:\d+: write one of count\(\), countIf\(condition\), sum\(x\),/],
  ['sum(value) / count()', /write one of .* goes into the map of a later step/],
  ['value.sum()', /write one of/],
  ['summ(value)', /unknown aggregate "summ"; there are count, .*\. Did you mean "sum"\?/],
  ['constructor()', /unknown aggregate "constructor"/],
  ['count(value)', /count takes 0 arguments, not 1: write count\(\)/],
  ['sum()', /sum takes 1 argument, not 0: write sum\(x\)/],
  ['topN(value)', /takes 2 or 3 arguments, not 1: write topN\(x, n\) or topN\(by, n, value\)/],
  ['sum(valu)', /1:5: unknown variable "valu".*Did you mean "value"/],
  ['topN(value, 0)', /1:13: the n of topN is a whole number from 1 to 1000, the same for/],
  ['topN(value, 1.5)', /1:13: the n of topN is a whole number/],
  ['collect(value, 1001)', /1:16: the limit of collect is a whole number from 1 to 1000/],
  ['collect(value, value)', /1:16: the limit of collect is/],
  ['quantile(value, 1.01)', /1:17: the q of quantile is a number from 0 to 1/],
  ['quantile(value, "0.5")', /1:17: the q of quantile is a number from 0 to 1/],
  [`sum(${'1 + '.repeat(2000)}1)`, /longer than 4096/],
]

const faults: readonly (readonly [source: string, values: readonly unknown[], message: RegExp])[] =
  [
    ['sum(value)', ['1'], /1:5: sum needs a number, not string/],
    ['avg(value)', [null], /1:5: avg needs a number, not null/],
    ['min(value)', [true], /1:5: min needs a number, not bool/],
    ['max(value)', [NaN], /1:5: max needs a finite number, not NaN/],
    ['stddev(value)', [[1]], /stddev needs a number, not list/],
    ['quantile(value, 0.5)', [Infinity], /quantile needs a finite number/],
    ['topN(value, 3)', ['x'], /1:6: topN needs a number, not string/],
    ['countIf(value)', [1], /1:9: countIf needs a bool, not number/],
    ['sum(value)', [1e308, 1e308], /the result is too large/],
    ['variance(value)', [1e200, -1e200], /the result is too large/],
    ['sum(value.nope)', [{}], /there is no field "nope"/],
  ]

describe('runtime/expr/aggregator.ts', () => {
  for (const [source, values, result] of sentences) {
    it(`${source} of ${JSON.stringify(values)} is ${JSON.stringify(result)}`, () => {
      expect(resultOf(source, values)).to.deep.equal(result)
    })
  }

  for (const [source, message] of mistakes) {
    it(`${source.slice(0, 30)} is refused before any record comes`, () => {
      expect(() => compileAggregator(source, environment)).to.throw(ExpressionError, message)
    })
  }

  for (const [source, values, message] of faults) {
    it(`${source} of ${String(values)} fails on the record, and says why`, () => {
      expect(() => resultOf(source, values)).to.throw(ExpressionError, message)
    })
  }

  it('points at the argument with a caret', () => {
    expect(() => resultOf('sum( value )', ['x'])).to.throw(/\n {2}sum\( value \)\n {7}\^/)
  })
})
