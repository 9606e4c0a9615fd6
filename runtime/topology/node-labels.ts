import type { Projection } from './nodes.ts'

/** For `describe()`: what a projection does to the fields. */
export function projectionText({ keep, drop, rename = {} }: Projection): string {
  if (keep !== undefined) return `keep ${keep.join(', ')}`
  if (drop !== undefined) return `drop ${drop.join(', ')}`
  const renames = Object.entries(rename).map(([from, to]) => `${from} → ${to}`)
  return `rename ${renames.join(', ')}`
}
