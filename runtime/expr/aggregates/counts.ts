import { requireBool } from '../values.ts'
import type { Aggregate } from './aggregate.ts'

/** How many there are, whatever they are. */
export const count: Aggregate<number, number> = {
  initial: 0,
  add: (state) => state + 1,
  subtract: (state) => state - 1,
  merge: (earlier, later) => earlier + later,
  result: (state) => state,
}

/** How many conditions were true. */
export const countIf: Aggregate<number, number> = {
  ...count,
  add: (state, condition) => state + Number(requireBool(condition, 'countIf')),
  subtract: (state, condition) => state - Number(requireBool(condition, 'countIf')),
}
