import type { Aggregate } from './aggregate.ts'
import { kept } from './kept.ts'

type Values = readonly unknown[]

/** The value that came first, null or not. */
export const first: Aggregate<Values> = {
  initial: [],
  add: (state, value) => (state.length > 0 ? state : [kept(value, 'first')]),
  merge: (earlier, later) => (earlier.length > 0 ? earlier : later),
  result: ([value = null]) => value,
}

/** The value that came last, null or not. */
export const last: Aggregate<Values> = {
  initial: [],
  add: (_state, value) => [kept(value, 'last')],
  merge: (earlier, later) => (later.length > 0 ? later : earlier),
  result: ([value = null]) => value,
}

/** The values as they came: all up to `limit`, then the latest of them. */
export const collect = (limit: number): Aggregate<Values, Values> => ({
  initial: [],
  add: (state, value) => [...state, kept(value, 'collect')].slice(-limit),
  merge: (earlier, later) => [...earlier, ...later].slice(-limit),
  result: (state) => state.slice(-limit),
})
