/** Of more bytes the call costs less than the loop. */
const MAX_COPIED_BYTEWISE = 32

/** For what are mostly a few bytes, of which a view would cost more. Returns the position after them. */
export function copyShort(
  from: Buffer,
  { start, end }: { readonly start: number; readonly end: number },
  to: Uint8Array,
  at: number,
): number {
  if (end - start > MAX_COPIED_BYTEWISE) return at + from.copy(to, at, start, end)
  for (let n = start; n < end; n++) to[at++] = from[n] ?? 0
  return at
}
