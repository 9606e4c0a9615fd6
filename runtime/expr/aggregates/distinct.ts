import { isMap } from '../values.ts'
import type { Aggregate } from './aggregate.ts'
import { empty, estimate, type HyperLogLog, merge, raise, REGISTER_BITS } from './hyper-log-log.ts'
import { jsonOf } from './kept.ts'
import { murmur3 } from './murmur3.ts'

/** They are in every state that was ever written: with others, a value that was counted would count again. */
const HIGH_SEED = 0x9747b28c
const LOW_SEED = 0x3c6ef372

/** About how many different values there were, null among them: a HyperLogLog over 64 bits of hash of their JSON. */
export const distinct: Aggregate<HyperLogLog, number> = {
  initial: empty,
  add: (state, value) => {
    const bytes = Buffer.from(jsonOf(inOrder(value), 'distinct'))
    const high = murmur3(bytes, HIGH_SEED)
    const register = high >>> (32 - REGISTER_BITS)
    return raise(state, register, rankOf(high << REGISTER_BITS, murmur3(bytes, LOW_SEED)))
  },
  merge,
  result: estimate,
}

/** Where in the bits that did not choose the register, those of `high` before those of `low`, the first 1 is; from 1. */
const rankOf = (high: number, low: number): number =>
  high === 0 ? 32 - REGISTER_BITS + Math.clz32(low) + 1 : Math.clz32(high) + 1

/** Maps are equal whatever the order of their keys. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder)
  if (!isMap(value)) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, inOrder(item)]))
}
