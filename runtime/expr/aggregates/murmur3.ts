/** MurmurHash3 (x86, 32 bits) by Austin Appleby: fast, and even enough in all its bits to count by. */
export function murmur3(bytes: Uint8Array, seed: number): number {
  const end = bytes.length & ~3
  let hash = seed
  for (let at = 0; at < end; at += 4) {
    hash ^= mixed(wordAt(bytes, at))
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64
  }
  // Bytes past the end read as 0, and 0 mixes into 0.
  hash ^= mixed(wordAt(bytes, end))
  hash ^= bytes.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function mixed(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51)
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593)
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) |
  ((bytes[at + 1] ?? 0) << 8) |
  ((bytes[at + 2] ?? 0) << 16) |
  ((bytes[at + 3] ?? 0) << 24)
