/** Counts of the same name added up. */
export function summed(
  counts: readonly (readonly [name: string, count: number])[],
): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const [name, count] of counts) sums[name] = (sums[name] ?? 0) + count
  return sums
}
