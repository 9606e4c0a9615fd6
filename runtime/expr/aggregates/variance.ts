import { finite, requireFinite } from '../values.ts'
import type { Aggregate } from './aggregate.ts'

export interface Moments {
  readonly count: number
  readonly mean: number
  /** The sum of the squares of the distances from the mean. */
  readonly squares: number
}

const none: Moments = { count: 0, mean: 0, squares: 0 }

/**
 * The sample variance, by Welford's recurrence: sums of squares would lose all digits where the values are large and close
 * together. Null of fewer than two.
 */
export const variance: Aggregate<Moments, number | null> = {
  initial: none,
  add: (state, value) => add(state, requireFinite(value, 'variance')),
  subtract: (state, value) => subtract(state, requireFinite(value, 'variance')),
  merge,
  result: ({ count, squares }) => (count < 2 ? null : squares / (count - 1)),
}

export const stddev: Aggregate<Moments, number | null> = {
  ...variance,
  add: (state, value) => add(state, requireFinite(value, 'stddev')),
  subtract: (state, value) => subtract(state, requireFinite(value, 'stddev')),
  result: ({ count, squares }) => (count < 2 ? null : Math.sqrt(squares / (count - 1))),
}

function add(state: Moments, value: number): Moments {
  const count = state.count + 1
  const mean = state.mean + (value - state.mean) / count
  return { count, mean, squares: finite(state.squares + (value - state.mean) * (value - mean)) }
}

function subtract(state: Moments, value: number): Moments {
  const count = state.count - 1
  if (count <= 0) return none
  const mean = state.mean + (state.mean - value) / count
  const squares = finite(state.squares - (value - state.mean) * (value - mean))
  return { count, mean, squares: Math.max(0, squares) }
}

function merge(earlier: Moments, later: Moments): Moments {
  if (earlier.count === 0) return later
  if (later.count === 0) return earlier
  const count = earlier.count + later.count
  const distance = later.mean - earlier.mean
  const between = (distance * distance * earlier.count * later.count) / count
  return {
    count,
    mean: earlier.mean + (distance * later.count) / count,
    squares: finite(earlier.squares + later.squares + between),
  }
}
