import { requireFinite } from '../values.ts'
import type { Aggregate } from './aggregate.ts'

/** What an answer may be off by, as a share of itself. */
const ACCURACY = 0.01
const GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
const LOG_GROWTH = Math.log(GROWTH)
/** Puts the buckets of all positive numbers, the smallest included, above 0; those of the negative mirror them. */
const OFFSET = 40_000
/** Enough for numbers from 1 to 10^17. */
const MAX_BUCKETS = 2048

/** Bucket, count, bucket, count, … by the numbers in them, of those buckets that have any. */
type Sketch = readonly number[]

/**
 * The number that a share `q` of all numbers lies below: a DDSketch (Masson, Rim and Lee, 2019). Each bucket begins 2 %
 * above the one before, so its middle is within 1 % of all that is in it. Where there would be too many, the lowest become
 * one, and low quantiles of such numbers are too high.
 */
export const quantile = (q: number): Aggregate<Sketch, number | null> => ({
  initial: [],
  add: (sketch, value) => changed(sketch, bucketOf(requireFinite(value, 'quantile')), 1),
  subtract: (sketch, value) => changed(sketch, bucketOf(requireFinite(value, 'quantile')), -1),
  merge,
  result: (sketch) => numberAt(sketch, q),
})

function bucketOf(value: number): number {
  if (value === 0) return 0
  return Math.sign(value) * (Math.ceil(Math.log(Math.abs(value)) / LOG_GROWTH) + OFFSET)
}

function middleOf(bucket: number): number {
  if (bucket === 0) return 0
  const low = GROWTH ** (Math.abs(bucket) - OFFSET - 1)
  return Math.sign(bucket) * Math.min(low * ((2 * GROWTH) / (GROWTH + 1)), Number.MAX_VALUE)
}

function changed(sketch: Sketch, bucket: number, by: 1 | -1): Sketch {
  const place = placeOf(sketch, bucket)
  if (sketch[place] !== bucket) {
    if (by === 1) return bounded(sketch.toSpliced(place, 0, bucket, 1))
    // What is in no bucket of its own any more is in the lowest.
    return sketch.length === 0 ? sketch : changed(sketch, sketch[0] ?? 0, -1)
  }
  const count = (sketch[place + 1] ?? 0) + by
  return count === 0 ? sketch.toSpliced(place, 2) : sketch.with(place + 1, count)
}

/** Where the bucket is, or would be. */
function placeOf(sketch: Sketch, bucket: number): number {
  let low = 0
  let high = sketch.length / 2
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sketch[2 * middle] ?? 0) < bucket) low = middle + 1
    else high = middle
  }
  return 2 * low
}

function merge(one: Sketch, other: Sketch): Sketch {
  const counts = new Map<number, number>()
  for (const [bucket, count] of [...pairsOf(one), ...pairsOf(other)])
    counts.set(bucket, (counts.get(bucket) ?? 0) + count)
  return bounded([...counts].sort(([a], [b]) => a - b).flat())
}

function bounded(sketch: Sketch): Sketch {
  const surplus = sketch.length / 2 - MAX_BUCKETS
  if (surplus <= 0) return sketch
  const lowest = sketch.slice(0, 2 * surplus + 2)
  return sketch.toSpliced(0, lowest.length, lowest.at(-2) ?? 0, totalOf(lowest))
}

const pairsOf = (sketch: Sketch): readonly (readonly [bucket: number, count: number])[] =>
  Array.from({ length: sketch.length / 2 }, (_, i) => [sketch[2 * i] ?? 0, sketch[2 * i + 1] ?? 0])

function numberAt(sketch: Sketch, q: number): number | null {
  const rank = q * (totalOf(sketch) - 1)
  let below = 0
  for (let at = 0; at < sketch.length; at += 2) {
    below += sketch[at + 1] ?? 0
    if (below > rank) return middleOf(sketch[at] ?? 0)
  }
  return null
}

function totalOf(sketch: Sketch): number {
  let total = 0
  for (let at = 1; at < sketch.length; at += 2) total += sketch[at] ?? 0
  return total
}
