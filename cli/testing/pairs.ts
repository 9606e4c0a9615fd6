/**
 * The elements of `actual` in the order of those of `wanted` that they match, as many of them as can be; what matches nothing
 * takes the places that are left, in its order.
 */
export function bestPairs<W, A>(
  wanted: readonly W[],
  actual: readonly A[],
  matches: (want: W, got: A) => boolean,
): readonly A[] {
  const owners = new Map<A, number>()
  wanted.forEach((_, index) => claim(index, new Set()))
  const placed = new Map([...owners].map(([got, index]) => [index, got]))
  const rest = actual.filter((got) => !owners.has(got))
  const inPlace = wanted.flatMap((_, index) => placed.get(index) ?? rest.shift() ?? [])
  return [...inPlace, ...rest]

  /** Takes one for itself, or one whose owner finds another. */
  function claim(index: number, asked: Set<A>): boolean {
    const want = wanted[index] as W
    for (const got of actual) {
      if (asked.has(got) || !matches(want, got)) continue
      asked.add(got)
      const owner = owners.get(got)
      if (owner !== undefined && !claim(owner, asked)) continue
      owners.set(got, index)
      return true
    }
    return false
  }
}
