/** The arithmetic of the bench, nothing else: no clock, no process, no Kafka. */

/** A moment of a run. Counters only ever grow. */
export interface Sample {
  readonly atMs: number
  /** Input records that have left the first stage of the job so far. */
  readonly started: number
  /** Input records that have left its last stage; the same as `started` where there is only one. */
  readonly finished: number
  /** CPU seconds of the measured process. */
  readonly cpuSeconds: number
  /** CPU seconds of the machine that neither the measured process, the broker nor the bench used. */
  readonly foreignCpuSeconds: number
}

export interface Window {
  readonly from: Sample
  readonly to: Sample
  /** False when half of the input was worked off before the warm-up had passed. */
  readonly warmedUp: boolean
}

/**
 * The steady part of a run: from the end of the warm-up, which begins with the first record written, to the sample that
 * shows all of the output. A run too fast for its warm-up counts from the half of its input on. Throws when the samples do
 * not show the run.
 */
export function selectWindow(
  samples: readonly Sample[],
  inputRecords: number,
  warmupMs: number,
): Window {
  const first = samples.findIndex(({ started }) => started > 0)
  const start = samples[Math.max(first - 1, 0)]
  const to = samples.find(({ finished }) => finished >= inputRecords)
  if (first < 0 || start === undefined || to === undefined)
    throw new Error('the samples do not show the whole run')
  const warmAtMs = (samples[first]?.atMs ?? 0) + warmupMs
  const from = samples.find(({ atMs, started }) => atMs >= warmAtMs || started >= inputRecords / 2)
  if (from === undefined || from.started >= inputRecords)
    return { from: start, to, warmedUp: false }
  return { from, to, warmedUp: from.atMs >= warmAtMs }
}

export interface Rates {
  readonly recordsPerSecond: number
  readonly recordsPerCpuSecond: number
}

/**
 * Only records that went all the way within the window count: those between the stages at its beginning had a part of their
 * work done before it, so counting them would flatter a job that leaves its second stage for later.
 */
export function ratesOf({ from, to }: Window): Rates {
  const records = to.finished - from.started
  return {
    recordsPerSecond: records / ((to.atMs - from.atMs) / 1000),
    recordsPerCpuSecond: records / (to.cpuSeconds - from.cpuSeconds),
  }
}

/** Beyond this share of the run's own CPU, others have slowed it. */
const DISTURBED_SHARE = 0.1

export function isDisturbed({ from, to }: Window): boolean {
  const foreign = to.foreignCpuSeconds - from.foreignCpuSeconds
  return foreign > (to.cpuSeconds - from.cpuSeconds) * DISTURBED_SHARE
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? NaN
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? NaN) + upper) / 2 : upper
}

/** How far apart the extremes lie, as a share of the median. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values)
}

/** Of sorted values, the smallest that at least the share `q` of them do not exceed. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const rank = Math.ceil(sorted.length * q) - 1
  return sorted[Math.min(Math.max(rank, 0), sorted.length - 1)] ?? NaN
}

/** Each number of one over the same number of the other. */
export function ratios<T extends { readonly [key in keyof T]: number }>(ours: T, theirs: T): T {
  const entries = Object.keys(ours).map((key) => [
    key,
    ours[key as keyof T] / theirs[key as keyof T],
  ])
  return Object.fromEntries(entries) as T
}

/** The undisturbed ones, or all where there are none: an unfair round is worth less than a missing one. */
export function worthCounting<T extends { readonly disturbed: boolean }>(
  rounds: readonly T[],
): readonly T[] {
  const calm = rounds.filter(({ disturbed }) => !disturbed)
  return calm.length > 0 ? calm : rounds
}
