import { requireFinite } from '../values.ts'
import type { Aggregate } from './aggregate.ts'

export const min = extreme('min')
export const max = extreme('max')

function extreme(name: 'min' | 'max'): Aggregate<number | null, number | null> {
  const better = (a: number | null, b: number | null) =>
    a === null ? b : b === null ? a : Math[name](a, b)
  return {
    initial: null,
    add: (state, value) => better(state, requireFinite(value, name)),
    merge: better,
    result: (state) => state,
  }
}
