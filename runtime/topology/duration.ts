const UNITS_MS = [86_400_000, 3_600_000, 60_000, 1000, 1] as const
const PARTS = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

/** `1h30m` → 5,400,000: numbers with `d`, `h`, `m`, `s` or `ms`, from the largest unit to the smallest. Throws what to write. */
export function durationMs(text: string): number {
  const [, ...numbers] = PARTS.exec(text) ?? []
  const ms = UNITS_MS.reduce((sum, unit, index) => sum + Number(numbers[index] ?? 0) * unit, 0)
  if (ms > 0 && Number.isSafeInteger(ms)) return ms
  throw new TypeError(`"${text}" is no duration: write one such as 500ms, 10s, 1h30m or 7d`)
}
