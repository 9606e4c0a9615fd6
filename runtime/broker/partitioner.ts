/** Kafka's murmur2, so that our keys land where Java's default partitioner puts them. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  let hash = 0x9747b28c ^ length
  const words = length >>> 2
  for (let word = 0; word < words; word++) {
    let k = readUInt32LE(bytes, word << 2)
    k = Math.imul(k, 0x5bd1e995)
    k ^= k >>> 24
    hash = Math.imul(hash, 0x5bd1e995) ^ Math.imul(k, 0x5bd1e995)
  }
  const tail = words << 2
  if ((length & 3) > 0) {
    // Bytes past the end read as 0, which is what Java's fall-through switch adds up to.
    hash = Math.imul(hash ^ readUInt32LE(bytes, tail), 0x5bd1e995)
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0x5bd1e995)
  return hash ^ (hash >>> 15)
}

const readUInt32LE = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) |
  ((bytes[at + 1] ?? 0) << 8) |
  ((bytes[at + 2] ?? 0) << 16) |
  ((bytes[at + 3] ?? 0) << 24)

export function partitionFor(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}
