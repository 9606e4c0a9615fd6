import type { AsyncNode, Projection, RepartitionNode } from './nodes.ts'

/** What `describe()` shows of nodes that no expression speaks for. */

export function projectionText({ keep, drop, rename = {} }: Projection): string {
  if (keep !== undefined) return `keep ${keep.join(', ')}`
  if (drop !== undefined) return `drop ${drop.join(', ')}`
  const renames = Object.entries(rename).map(([from, to]) => `${from} → ${to}`)
  return `rename ${renames.join(', ')}`
}

export const repartitionText = ({ partitions }: Pick<RepartitionNode, 'partitions'>): string =>
  partitions === undefined ? '' : `${partitions} partitions`

export const asyncText = ({
  concurrency,
  timeoutMs,
}: Pick<AsyncNode, 'concurrency' | 'timeoutMs'>): string =>
  `${concurrency} at a time, ${timeoutMs} ms each`
