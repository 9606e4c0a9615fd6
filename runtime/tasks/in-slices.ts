import { setImmediate as immediate } from 'node:timers/promises'
import type { Clock } from '../platform/clock.ts'

/** Sockets can wait so long. */
const SLICE_MS = 0.5

/**
 * Works on one thing after the other, and lets sockets have their turn between two of them. The kernel holds a few hundred kilobytes
 * of an answer, and the broker waits with the rest while nobody reads; what is to be sent leaves meanwhile.
 */
export async function inSlices<T>(
  all: Iterable<T>,
  clock: Pick<Clock, 'monotonic'>,
  work: (one: T) => void,
): Promise<void> {
  let begun = clock.monotonic()
  for (const one of all) {
    work(one)
    if (clock.monotonic() - begun < SLICE_MS) continue
    await immediate()
    begun = clock.monotonic()
  }
}
