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
  /** False when half of the input was worked off before the warm-up had passed: use more records. */
  readonly warmedUp: boolean
}

/** What of a run counts. */
export interface Span {
  readonly inputRecords: number
  /** Left out, from the first record written on. */
  readonly warmupMs: number
  /** Measured after it, at most. */
  readonly windowMs: number
}

/** Whether the run has shown all that is wanted of it: its whole output, or a window of the length after the warm-up. */
export function isOver(samples: readonly Sample[], span: Span): boolean {
  return endOf(samples, span) !== undefined
}

/** Steps may lie further apart than a window is long: it ends with a later sample than it begins with. */
function endOf(samples: readonly Sample[], span: Span): Sample | undefined {
  const { inputRecords, warmupMs, windowMs } = span
  const warmAtMs = warmAt(samples, warmupMs)
  const from = startOf(samples, span)
  return samples.find(
    (sample) =>
      sample.finished >= inputRecords ||
      (from !== undefined && sample.atMs > from.atMs && sample.atMs >= warmAtMs + windowMs),
  )
}

function startOf(samples: readonly Sample[], { inputRecords, warmupMs }: Span) {
  const warmAtMs = warmAt(samples, warmupMs)
  return samples.find(({ atMs, started }) => atMs >= warmAtMs || started >= inputRecords / 2)
}

/** Never, as long as nothing has come out. */
const warmAt = (samples: readonly Sample[], warmupMs: number): number =>
  (samples.find(({ started }) => started > 0)?.atMs ?? Infinity) + warmupMs

/**
 * The steady part of a run: from the end of the warm-up to the end. A run too fast for its warm-up counts from the half of
 * its input on. Throws when the samples do not show the run.
 */
export function selectWindow(samples: readonly Sample[], span: Span): Window {
  const first = samples.findIndex(({ started }) => started > 0)
  const start = samples[Math.max(first - 1, 0)]
  const to = endOf(samples, span)
  if (start === undefined || to === undefined)
    throw new Error('the samples do not show the whole run')
  const from = startOf(samples, span)
  if (from === undefined || from.started >= span.inputRecords)
    return { from: start, to, warmedUp: false }
  return { from, to, warmedUp: from.atMs >= warmAt(samples, span.warmupMs) }
}

/**
 * The moments at which progress moved, of a run that shows it in steps. What a first step took nobody knows: one that stays
 * alone counts from the start of the process on, which is too long rather than too short.
 */
export function stepsOf(samples: readonly Sample[]): readonly Sample[] {
  const steps = samples.filter(
    ({ finished }, index) => finished > (samples[index - 1]?.finished ?? 0),
  )
  return steps.length > 1 ? steps : [...samples.slice(0, 1), ...steps]
}

export interface Rates {
  readonly recordsPerSecond: number
  readonly recordsPerCpuSecond: number
}

/**
 * Each stage of a job counts for half of a record: a window may begin or end with records between the two, and one that
 * leaves its second stage for later must not look fast.
 */
export function ratesOf({ from, to }: Window): Rates {
  const records = (to.started - from.started + to.finished - from.finished) / 2
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
