import type { Aggregator } from '../expr/aggregates/aggregate.ts'
import { fieldsOf } from '../expr/aggregates/fields.ts'
import { type AggregateName, called, formOf, literalOf } from '../expr/aggregates/functions.ts'
import { isAsyncFunction } from '../topology/async-function.ts'
import type { Aggregation } from './grouped-stream.ts'
import type { TypedRecord } from './stream.ts'

/** What an aggregate function reads of each record. It answers at once, and with JSON. */
export type Selector<V, T> = (record: TypedRecord<V>) => T

/** A ready-made aggregation; what it keeps is its own affair. */
export interface AggregateFunction<V, R> extends Aggregation<V, unknown, R> {
  /** One state for two, as if the records of `later` had come after those of `earlier`. */
  readonly merge: (earlier: unknown, later: unknown) => unknown
  /** Takes a record back that was added; some functions cannot. */
  readonly subtract?: (state: unknown, record: TypedRecord<V>) => unknown
  readonly result: (state: unknown) => R
}

/**
 * Several functions at once: the result has a field for each.
 *
 * @example
 * grouped.aggregate('stats', fields({ payments: count(), total: sum(({ value }) => value.amount) }))
 */
export function fields<V, R extends object>(functions: {
  readonly [K in keyof R]: AggregateFunction<V, R[K]>
}): AggregateFunction<V, R> {
  const each = Object.entries<AggregateFunction<V, unknown>>(functions)
  return aggregateFunction(
    fieldsOf(each.map(([name, one]) => [name, { ...one, initial: one.initial() }])),
  )
}

/** How many records. */
export const count = (): AggregateFunction<unknown, number> => call('count', [])

/** How many records the condition is true of. */
export const countIf = <V>(condition: Selector<V, boolean>): AggregateFunction<V, number> =>
  call('countIf', [condition])

/** The sum. */
export const sum = <V>(x: Selector<V, number>): AggregateFunction<V, number> => call('sum', [x])

/** The smallest number. */
export const min = <V>(x: Selector<V, number>): AggregateFunction<V, number> => call('min', [x])

/** The largest number. */
export const max = <V>(x: Selector<V, number>): AggregateFunction<V, number> => call('max', [x])

/** The mean; null if every record was taken back. */
export const avg = <V>(x: Selector<V, number>): AggregateFunction<V, number | null> =>
  call('avg', [x])

/** The sample variance; null of fewer than two records. */
export const variance = <V>(x: Selector<V, number>): AggregateFunction<V, number | null> =>
  call('variance', [x])

/** The sample standard deviation; null of fewer than two records. */
export const stddev = <V>(x: Selector<V, number>): AggregateFunction<V, number | null> =>
  call('stddev', [x])

/** What the first record to come had. */
export const first = <V, T>(x: Selector<V, T>): AggregateFunction<V, T> => call('first', [x])

/** What the last record to come had. */
export const last = <V, T>(x: Selector<V, T>): AggregateFunction<V, T> => call('last', [x])

/**
 * The `n` largest numbers, the largest first, or what `value` reads of the records that have them; of equal ones the first
 * to come. `n` is at most 1000.
 *
 * @example
 * topN(({ value }) => value.amount, 3, ({ value }) => value.id)
 */
export function topN<V>(x: Selector<V, number>, n: number): AggregateFunction<V, readonly number[]>
export function topN<V, T>(
  by: Selector<V, number>,
  n: number,
  value: Selector<V, T>,
): AggregateFunction<V, readonly T[]>
export function topN<V>(
  by: Selector<V, number>,
  n: number,
  value?: Selector<V, unknown>,
): AggregateFunction<V, readonly unknown[]> {
  return call('topN', value === undefined ? [by, n] : [by, n, value])
}

/** What the latest records had, at most `limit` of them, in the order in which they came. `limit` is at most 1000. */
export const collect = <V, T>(
  x: Selector<V, T>,
  limit: number,
): AggregateFunction<V, readonly T[]> => call('collect', [x, limit])

/** About how many different values: the standard error is 1.6 %. */
export const distinct = <V>(x: Selector<V, unknown>): AggregateFunction<V, number> =>
  call('distinct', [x])

/** The number that the share `q`, from 0 to 1, of all numbers lies below, to within 1 % of itself. */
export const quantile = <V>(
  x: Selector<V, number>,
  q: number,
): AggregateFunction<V, number | null> => call('quantile', [x, q])

/** Throws on a literal out of its range, and on an async function, whose promise would be taken for the value. */
function call<V, R>(
  name: AggregateName,
  args: readonly (Selector<V, unknown> | number)[],
): AggregateFunction<V, R> {
  const form = formOf(name, args.length)
  form.parameters.forEach((parameter, i) => {
    if (typeof parameter === 'object') literalOf(name, parameter, args[i])
  })
  if (args.some(isAsyncFunction)) {
    throw new Error(
      `the function of ${name} is async, where an aggregate needs its answer at once: let mapValuesAsync before it wait`,
    )
  }
  return aggregateFunction(called(form, args))
}

const aggregateFunction = <V, R>({ initial, ...rest }: Aggregator<TypedRecord<V>>) =>
  ({ initial: () => initial, ...rest }) as AggregateFunction<V, R>
