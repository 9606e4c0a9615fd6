import type { StoredWindow, WindowStore } from '../state/store.ts'
import type { BurstNode } from '../topology/within-nodes.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

/**
 * Counts the records of a key within a time, each record with those before it. One that comes out of order counts for later
 * ones, too, and those that it makes enough follow it; so which records leave does not depend on the order of their coming.
 */
export const burstProcessor = (
  { name, atLeast, withinMs, mapper }: BurstNode,
  store: WindowStore,
  { forward, dropped }: Pick<Wiring, 'forward' | 'dropped'>,
): Processor => ({
  process(record) {
    const { timestamp, value } = record
    const key = record.keyBytes()
    if (key === null) return dropped(name, 'null-key')
    if (value === null) return dropped(name, 'null-value')
    // What it would count may be forgotten.
    if (timestamp < store.latest - withinMs) return dropped(name, 'late')
    store.put(key, timestamp, value, timestamp)
    const near = [...store.fetch(key, timestamp - withinMs, timestamp + withinMs)]
    const counts = countsWithin(near, withinMs)
    const own = near.findLastIndex(({ start }) => start === timestamp)
    for (const [index, { start, value: counted }] of near.entries()) {
      const count = counts[index] ?? 0
      // Later ones have been there before, with one less.
      const isEnough = index === own ? count >= atLeast : index > own && count === atLeast
      if (isEnough) forward(record.withValue(mapper(counted, count)).withTimestamp(start))
    }
  },
})

/** How many of the list there are up to each that are not older than it by more than `withinMs`. */
function countsWithin(list: readonly StoredWindow[], withinMs: number): readonly number[] {
  let oldest = 0
  return list.map(({ start }, index) => {
    while ((list[oldest]?.start ?? start) < start - withinMs) oldest++
    return index - oldest + 1
  })
}
