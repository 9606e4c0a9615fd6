/** From here on the call that it costs is worth what `memory.copy` gains. */
const LONG: usize = 256

/** Returns the position after the copy. Works in whole vectors: up to 15 bytes behind it are written, too. */
export function copy(to: usize, from: usize, end: usize): usize {
  const length = end - from
  if (length >= LONG) memory.copy(to, from, length)
  else for (let n: usize = 0; n < length; n += 16) v128.store(to + n, v128.load(from + n))
  return to + length
}
