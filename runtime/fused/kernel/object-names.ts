/** Names in all open objects together. */
const MAX_NAMES: i32 = 1024
/** A hash each, those of the innermost object last; a vector may reach past the end. */
const hashes: usize = memory.data(4112)
let names: i32 = 0

/** How many names there are before those of an object that opens now; `closeObject` wants to know. */
export function openObject(): i32 {
  return names
}

export function closeObject(first: i32): void {
  names = first
}

/**
 * Takes note of a name of the object whose names begin at `first`. Returns whether it may be written after the others as it
 * stands: not if it is one of them or hashes as one does, nor if it is digits, which JavaScript puts before all others.
 */
export function follows(first: i32, name: usize, end: usize): bool {
  if (names == MAX_NAMES || isDigits(name, end)) return false
  const hash = hashOf(name, end)
  for (let n = first; n < names; n += 4) {
    const same = i32x4.eq(v128.load(hashes + (n << 2)), i32x4.splat(hash))
    const left = min(names - n, 4)
    if ((i32x4.bitmask(same) & ((1 << left) - 1)) != 0) return false
  }
  store<i32>(hashes + (names++ << 2), hash)
  return true
}

function isDigits(name: usize, end: usize): bool {
  if (name == end) return false
  for (; name < end; name++) if (load<u8>(name) < 48 || load<u8>(name) > 57) return false
  return true
}

function hashOf(at: usize, end: usize): i32 {
  let hash: u32 = <u32>(end - at)
  for (; at + 4 <= end; at += 4) hash = mix(hash ^ load<u32>(at))
  const rest = end - at
  if (rest > 0) hash = mix(hash ^ (load<u32>(at) & ((1 << ((<u32>rest) << 3)) - 1)))
  return hash
}

function mix(hash: u32): u32 {
  hash *= 0x9e3779b1
  return hash ^ (hash >>> 15)
}
