import type { RuntimeState, RuntimeStatus } from '../config.ts'
import { summed } from '../tasks/summed.ts'

/** Least advanced first: an instance is as far as the last of its threads, and failed as soon as one is. */
const order: readonly RuntimeState[] = [
  'Failed',
  'Stopping',
  'Starting',
  'Joining',
  'Restoring',
  'Running',
]

/** The status of an instance from those of its threads; there is at least one. */
export function mergedStatus(threads: readonly RuntimeStatus[]): RuntimeStatus {
  const leastAdvanced = threads.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
  const [behind] = leastAdvanced
  if (behind === undefined) throw new Error('an instance has at least one thread')
  const lastError = leastAdvanced.find((thread) => thread.lastError !== undefined)?.lastError
  return {
    job: behind.job,
    state: behind.state,
    tasks: threads.flatMap(({ tasks }) => tasks),
    internalTopics: [...new Set(threads.flatMap(({ internalTopics }) => internalTopics))],
    counts: added(threads.map(({ counts }) => counts)),
    losses: threads.flatMap(({ losses }) => losses),
    throttledMs: added(threads.map(({ throttledMs }) => throttledMs)),
    snapshots: added(threads.map(({ snapshots }) => snapshots)),
    standbys: threads.flatMap(({ standbys }) => standbys),
    restored: added(threads.map(({ restored }) => restored)),
    stateBytes: byName(
      threads.map(({ stateBytes }) => stateBytes),
      (parts) => added(parts),
    ),
    nodes: summed(threads.flatMap(({ nodes }) => Object.entries(nodes))),
    dropped: byName(
      threads.map(({ dropped }) => dropped),
      (parts) => added(parts),
    ),
    inFlight: summed(threads.flatMap(({ inFlight }) => Object.entries(inFlight))),
    ...(lastError === undefined ? {} : { lastError }),
  }
}

/** Field by field. */
const added = <T extends object>(parts: readonly T[]): T =>
  summed(parts.flatMap((part) => Object.entries(part) as [string, number][])) as T

/** Name by name. */
function byName<T>(
  parts: readonly Readonly<Record<string, T>>[],
  together: (values: readonly T[]) => T,
): Readonly<Record<string, T>> {
  const entries = Map.groupBy(parts.flatMap(Object.entries<T>), ([name]) => name)
  return Object.fromEntries(
    [...entries].map(([name, all]) => [name, together(all.map(([, value]) => value))]),
  )
}
