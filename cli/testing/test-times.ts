const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]
const DURATION = /^(\d{1,9})(ms|s|m|h)$/
/** With the zone: a test means the same on every machine. */
const DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/

/** `90s` → 90000; undefined for what is no duration. */
export function msOf(duration: string): number | undefined {
  const [, number, unit] = DURATION.exec(duration) ?? []
  const found = UNITS.find(([name]) => name === unit)
  return found === undefined ? undefined : Number(number) * found[1]
}

/**
 * The clock of a test starts at 0, so that a duration since its start is a timestamp; a date is one anyway. undefined for what
 * is neither.
 */
export function timestampOf(at: string): number | undefined {
  const ms = msOf(at) ?? (DATE.test(at) ? Date.parse(at) : NaN)
  return Number.isNaN(ms) ? undefined : ms
}

/** Written like `like`: as a duration in the largest unit that goes into it, or as a date. */
export function timeText(timestamp: number, like: string): string {
  if (msOf(like) === undefined) return new Date(timestamp).toISOString()
  return durationText(timestamp)
}

export function durationText(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms !== 0 && ms % size === 0) ?? ['s', 1000]
  return `${ms / size}${unit}`
}
