import { finite, requireFinite } from '../values.ts'
import type { Aggregate } from './aggregate.ts'

export const sum: Aggregate<number, number> = {
  initial: 0,
  add: (state, value) => finite(state + requireFinite(value, 'sum')),
  subtract: (state, value) => finite(state - requireFinite(value, 'sum')),
  merge: (earlier, later) => finite(earlier + later),
  result: (state) => state,
}

export interface Mean {
  readonly sum: number
  readonly count: number
}

const noMean: Mean = { sum: 0, count: 0 }

/** The mean; null of nothing. */
export const avg: Aggregate<Mean, number | null> = {
  initial: noMean,
  add: (state, value) => ({
    sum: finite(state.sum + requireFinite(value, 'avg')),
    count: state.count + 1,
  }),
  // Once all is taken back, what rounding has left is, too.
  subtract: (state, value) =>
    state.count <= 1
      ? noMean
      : { sum: finite(state.sum - requireFinite(value, 'avg')), count: state.count - 1 },
  merge: (earlier, later) => ({
    sum: finite(earlier.sum + later.sum),
    count: earlier.count + later.count,
  }),
  result: (state) => (state.count === 0 ? null : state.sum / state.count),
}
