import { CHUNK, ends, keyLengths, keyStarts, originOf, starts } from './columns'

/** Kafka's murmur2, so that keys land where Java's default partitioner puts them. */
function murmur2(at: usize, length: i32): u32 {
  let hash: u32 = 0x9747b28c ^ length
  const end = at + (length & ~3)
  for (; at < end; at += 4) {
    let k = load<u32>(at) * 0x5bd1e995
    k ^= k >>> 24
    hash = (hash * 0x5bd1e995) ^ (k * 0x5bd1e995)
  }
  const rest = length & 3
  if (rest > 0) hash = (hash ^ (load<u32>(at) & ((1 << (rest << 3)) - 1))) * 0x5bd1e995
  hash = (hash ^ (hash >>> 13)) * 0x5bd1e995
  return hash ^ (hash >>> 15)
}

/**
 * The partition of each selected record among `partitions`, by its key or by a slot that is its new key (`keySlot` ≥ 0).
 * -1 for a record without a key.
 */
export function partitionRecords(
  selection: usize,
  selected: i32,
  keySlot: i32,
  origins: usize,
  partitions: i32,
  target: usize,
): void {
  let before = -1
  let partition = -1
  for (let n = 0; n < selected; n++) {
    const i = originOf(origins, load<i32>(selection + (n << 2)))
    // What one record has emitted stands together.
    if (i != before) partition = partitionOf(i, keySlot, partitions)
    before = i
    store<i32>(target + (n << 2), partition)
  }
}

function partitionOf(i: i32, keySlot: i32, partitions: i32): i32 {
  let at: usize
  let length: i32
  if (keySlot < 0) {
    at = load<i32>(keyStarts + (i << 2))
    length = load<i32>(keyLengths + (i << 2))
  } else {
    const slot = (keySlot * CHUNK + i) << 2
    at = load<i32>(starts + slot)
    length = load<i32>(ends + slot) - <i32>at
  }
  return length < 0 ? -1 : <i32>((murmur2(at, length) & 0x7fffffff) % partitions)
}
