import { durationMs } from '../topology/duration.ts'
import { closesAfterMs, type SuppressNode } from '../topology/window-nodes.ts'
import { windowAggregatesAt } from '../topology/windowed.ts'
import type { JobNode } from './job.ts'

/** For how long the updates of a table wait: what `untilWindowCloses` and `untilTimeLimit` return. */
export type Suppression =
  | { readonly until: 'WindowCloses' }
  | ({ readonly until: 'TimeLimit'; readonly limit: string } & SuppressionBounds)

export interface SuppressionBounds {
  /** Beyond these the updates that have waited longest go on early; no bound unless given. */
  readonly maxRecords?: number
  readonly maxBytes?: number
}

/** The last value of a window, once it takes no more records. */
export const untilWindowCloses = (): Suppression => ({ until: 'WindowCloses' })

/**
 * At most one update a key in so much stream time, the last.
 *
 * @example
 * totals.suppress('every-minute', untilTimeLimit('1m', { maxRecords: 100_000 }))
 */
export const untilTimeLimit = (limit: string, bounds: SuppressionBounds = {}): Suppression => ({
  until: 'TimeLimit',
  limit,
  ...bounds,
})

/** Throws what is wrong with it. */
export function suppressNode(
  name: string,
  suppression: Suppression,
  { nodes, parent }: { readonly nodes: readonly JobNode[]; readonly parent: string },
): SuppressNode {
  const place = { kind: 'suppress', name, parent } as const
  if (suppression.until === 'TimeLimit') {
    const { limit, maxRecords, maxBytes } = suppression
    const label = `until ${limit} have passed`
    return { ...place, label, from: 'Update', waitMs: durationMs(limit), maxRecords, maxBytes }
  }
  const aggregates = windowAggregatesAt(nodes, parent) ?? []
  if (aggregates.length === 0)
    throw new Error(
      `step "${name}" waits for windows to close, but "${parent}" is not of windows: use untilTimeLimit, or aggregate with windowedBy`,
    )
  const waitMs = Math.max(...aggregates.map(closesAfterMs))
  return { ...place, label: 'until the window closes', from: 'WindowEnd', waitMs }
}
