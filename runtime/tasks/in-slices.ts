import type { Clock } from '../platform/clock.ts'

/** Others can wait so long. */
const SLICE_MS = 0.5

interface Slices<T> {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly work: (one: T) => void
  /** Lets others have their turn. */
  readonly pause: () => Promise<void>
}

/** Works on one thing after the other, with a pause wherever half a millisecond is over. */
export async function inSlices<T>(
  all: Iterable<T>,
  { clock, work, pause }: Slices<T>,
): Promise<void> {
  let begun = clock.monotonic()
  for (const one of all) {
    work(one)
    if (clock.monotonic() - begun < SLICE_MS) continue
    await pause()
    begun = clock.monotonic()
  }
}
