const FIRST_MS = 1000
const MAX_MS = 5 * 60_000

/** Delay before try number `attempt` (1, 2, …): doubles from a second to five minutes, with up to a fifth taken off. */
export function backoffMs(attempt: number, random: () => number): number {
  const delay = Math.min(FIRST_MS * 2 ** (attempt - 1), MAX_MS)
  return delay * (1 - random() / 5)
}
