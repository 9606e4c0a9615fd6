import { expect } from 'chai'
import {
  type AggregateFunction,
  collect,
  count,
  fields,
  quantile,
  sum,
  topN,
  type TypedRecord,
} from '../../../runtime/index.ts'

describe('runtime/dsl/aggregate-functions.ts', () => {
  const refused: readonly (readonly [title: string, make: () => unknown, message: RegExp])[] = [
    [
      'a list without end',
      () => collect(() => 1, Infinity),
      /the limit of collect is a whole number from 1 to/,
    ],
    ['the top 0', () => topN(() => 1, 0), /the n of topN is a whole number from 1 to 1000/],
    [
      'a quantile in percent',
      () => quantile(() => 1, 95),
      /the q of quantile is a number from 0 to 1/,
    ],
    [
      'an async function',
      () => sum((async () => 1) as never),
      /the function of sum is async.*let mapValuesAsync before it wait/,
    ],
  ]
  for (const [title, make, message] of refused) {
    it(`refuse ${title}`, () => {
      expect(make).to.throw(message)
    })
  }

  it('take back and merge as those of steps', () => {
    const totals: AggregateFunction<number, { n: number; total: number }> = fields({
      n: count(),
      total: sum(({ value }) => value),
    })
    const { initial, add, subtract, merge, result } = totals
    const record = (value: number) => ({ value }) as TypedRecord<number>
    const two = add(add(initial(), record(5)), record(7))
    expect(result(merge(two, two))).to.deep.equal({ n: 4, total: 24 })
    expect(subtract && result(subtract(two, record(5)))).to.deep.equal({ n: 1, total: 7 })
  })
})
