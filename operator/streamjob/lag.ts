const DIGITS = 2
const RENEW_MS = 30_000

/** To two digits: 123456 → 120000. A number that moves all the time would be a write all the time. */
export function roundLag(lag: number): number {
  const scale = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(lag, 1))) - DIGITS + 1)
  return Math.round(lag / scale) * scale
}

/** The lag to show: a new one at most every 30 s, except that arriving at zero or leaving it shows at once. */
export function shownLag(
  measured: number | undefined,
  shown: { readonly lag?: number; readonly sinceMs: number },
  now: number,
): number | undefined {
  if (measured === undefined) return shown.lag
  const next = roundLag(measured)
  const crossesZero = (next === 0) !== (shown.lag === 0)
  if (shown.lag === undefined || crossesZero || now - shown.sinceMs >= RENEW_MS) return next
  return shown.lag
}
