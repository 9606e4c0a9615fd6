import { requireFinite } from '../values.ts'
import type { Aggregate } from './aggregate.ts'
import { kept } from './kept.ts'

/** The `n` largest numbers, the largest first. */
export const topNumbers = (n: number): Aggregate<readonly number[], readonly number[]> => {
  const insert = inserting<number>(n, (item) => item)
  return {
    initial: [],
    add: (items, value) => insert(items, requireFinite(value, 'topN')),
    merge: (earlier, later) => later.reduce(insert, earlier),
    result: (items) => items.slice(0, n),
  }
}

type Ranked = readonly [by: number, value: unknown]

/** The values that came with the `n` largest numbers, in their order. */
export const topValues = (n: number): Aggregate<readonly Ranked[], readonly unknown[]> => {
  const insert = inserting<Ranked>(n, ([by]) => by)
  return {
    initial: [],
    add: (items, by, value) => insert(items, [requireFinite(by, 'topN'), kept(value, 'topN')]),
    merge: (earlier, later) => later.reduce(insert, earlier),
    result: (items) => items.slice(0, n).map(([, value]) => value),
  }
}

/** Puts an item behind all that are as large: of equal ones the first to come stays longest. */
const inserting =
  <T>(n: number, numberOf: (item: T) => number) =>
  (items: readonly T[], item: T): readonly T[] => {
    const place = items.findLastIndex((other) => numberOf(other) >= numberOf(item)) + 1
    return place >= n ? items : items.toSpliced(place, 0, item).slice(0, n)
  }
