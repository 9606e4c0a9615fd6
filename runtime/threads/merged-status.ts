import type { Dropped, RuntimeCounts, RuntimeState, RuntimeStatus } from '../config.ts'
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
    counts: {
      consumed: total(threads, 'consumed'),
      produced: total(threads, 'produced'),
      skipped: total(threads, 'skipped'),
      deadLettered: total(threads, 'deadLettered'),
      lost: total(threads, 'lost'),
    },
    losses: threads.flatMap(({ losses }) => losses),
    throttledMs: {
      fetch: threads.reduce((sum, { throttledMs }) => sum + throttledMs.fetch, 0),
      produce: threads.reduce((sum, { throttledMs }) => sum + throttledMs.produce, 0),
    },
    nodes: summed(threads.flatMap(({ nodes }) => Object.entries(nodes))),
    dropped: allDropped(threads.map(({ dropped }) => dropped)),
    inFlight: summed(threads.flatMap(({ inFlight }) => Object.entries(inFlight))),
    ...(lastError === undefined ? {} : { lastError }),
  }
}

const total = (threads: readonly RuntimeStatus[], field: keyof RuntimeCounts): number =>
  threads.reduce((sum, { counts }) => sum + counts[field], 0)

function allDropped(parts: readonly Dropped[]): Dropped {
  const nodes = new Set(parts.flatMap((part) => Object.keys(part)))
  const reasonsAt = (node: string) => parts.flatMap((part) => Object.entries(part[node] ?? {}))
  return Object.fromEntries([...nodes].map((node) => [node, summed(reasonsAt(node))]))
}
