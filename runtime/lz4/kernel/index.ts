/**
 * LZ4 blocks (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md). Copies go in vectors past the end of what they
 * copy: the caller leaves `SLACK` bytes behind every region.
 */

/** First address that the caller may use. */
export function heapBase(): usize {
  return __heap_base + TABLE_BYTES
}

const HASH_BITS: u32 = 13
/**
 * Positions in the block, by the hash of the six bytes there. A match may be of four, but to look for six finds longer ones,
 * and each sequence costs both sides more than its bytes do.
 */
const TABLE_BYTES: usize = 2 << HASH_BITS
const MIN_MATCH: usize = 4
const VECTOR: usize = 16
/** Above what a token alone can say of a match: 4 + 14. */
const SHORT_MATCH: usize = 20
/** The last bytes of a block are literals, and no match begins in the last twelve. */
const LAST_LITERALS: usize = 5
const LAST_START: usize = 12
/** After each 64 steps without a match the search takes longer strides. */
const STRIDE_SHIFT: u32 = 6

/**
 * Decompresses `at` to `end` behind what lies from `start` to `out`, which matches may refer to. Returns the new end; 0 when
 * the block is malformed or would go past `limit`.
 *
 * Nearly all literals and matches are short. As long as a whole vector of them fits they are copied as one, whatever their
 * length: a loop that ends sooner or later would be mispredicted for each.
 */
export function decompressBlock(
  at: usize,
  end: usize,
  start: usize,
  out: usize,
  limit: usize,
): usize {
  const lastAt = end - VECTOR
  const lastOut = limit - VECTOR
  const lastMatch = limit - SHORT_MATCH
  while (at < end) {
    const token: usize = load<u8>(at++)
    let literals = token >>> 4
    if (literals !== 15 && at < lastAt && out < lastOut) {
      v128.store(out, v128.load(at))
      at += literals
      out += literals
    } else {
      if (literals === 15) {
        at = readRest(at, end)
        if (at === 0) return 0
        literals += restRead
      }
      if (literals > end - at || literals > limit - out) return 0
      copy(out, at, literals)
      at += literals
      out += literals
      if (at === end) return out
      if (end - at < 2) return 0
    }

    const distance: usize = load<u16>(at)
    at += 2
    if (distance === 0 || distance > out - start) return 0
    let length = token & 15
    const from = out - distance
    if (length !== 15 && distance >= VECTOR && out < lastMatch) {
      v128.store(out, v128.load(from))
      store<u32>(out, load<u32>(from, VECTOR), VECTOR)
      out += MIN_MATCH + length
      continue
    }
    if (length === 15) {
      at = readRest(at, end)
      if (at === 0) return 0
      length += restRead
    }
    length += MIN_MATCH
    if (length > limit - out) return 0
    repeat(out, distance, length)
    out += length
  }
  // A block ends with literals.
  return 0
}

/** What `readRest` has read. */
let restRead: usize = 0

/** Reads what of a length did not fit into its token. Returns where it ends; 0 when that is past `end`. */
function readRest(at: usize, end: usize): usize {
  restRead = 0
  while (at < end) {
    const more: usize = load<u8>(at++)
    restRead += more
    if (more !== 255) return at
  }
  return 0
}

/** Compresses `at` to `end`, at most 64 KiB. Returns the end of what it wrote from `out` on. */
export function compressBlock(at: usize, end: usize, out: usize): usize {
  const table = __heap_base
  memory.fill(table, 0, TABLE_BYTES)
  const base = at
  let anchor = at
  if (end - at > LAST_START) {
    const lastStart = end - LAST_START
    const matchEnd = end - LAST_LITERALS
    at++
    while (true) {
      let from: usize
      let searched: u32 = 1 << STRIDE_SHIFT
      while (true) {
        if (at > lastStart) return lastLiterals(anchor, end, out)
        const bytes = load<u64>(at)
        const slot = table + (hash(bytes) << 1)
        from = base + load<u16>(slot)
        store<u16>(slot, <u16>(at - base))
        if (load<u32>(from) === <u32>bytes) break
        at += searched++ >>> STRIDE_SHIFT
      }
      while (at > anchor && from > base && load<u8>(at - 1) === load<u8>(from - 1)) {
        at--
        from--
      }
      const distance = at - from
      const length = matching(at + MIN_MATCH, from + MIN_MATCH, matchEnd)
      const token = out
      const literals = at - anchor
      if (literals < 15) {
        store<u8>(out, <u8>(literals << 4))
        v128.store(out, v128.load(anchor), 1)
        out += 1 + literals
      } else {
        out = sequence(anchor, literals, out)
      }
      store<u16>(out, <u16>distance)
      out += 2
      store<u8>(token, load<u8>(token) | (<u8>min(length, 15)))
      if (length >= 15) out = rest(length - 15, out)
      at += MIN_MATCH + length
      anchor = at
      if (at > lastStart) break
      store<u16>(table + (hash(load<u64>(at - 2)) << 1), <u16>(at - 2 - base))
    }
  }
  return lastLiterals(anchor, end, out)
}

/** Of the first six of eight bytes. */
function hash(bytes: u64): usize {
  return <usize>(((bytes << 16) * 227718039650203) >>> (64 - HASH_BITS))
}

/** A token and its literals; the match is still to be told. */
function sequence(from: usize, literals: usize, out: usize): usize {
  store<u8>(out++, <u8>(min(literals, 15) << 4))
  if (literals >= 15) out = rest(literals - 15, out)
  copy(out, from, literals)
  return out + literals
}

function lastLiterals(from: usize, end: usize, out: usize): usize {
  return sequence(from, end - from, out)
}

/** What of a length does not fit into its token. */
function rest(length: usize, out: usize): usize {
  for (; length >= 255; length -= 255) store<u8>(out++, 255)
  store<u8>(out++, <u8>length)
  return out
}

/** How many bytes are equal from `at` and `from` on, before `end`. */
function matching(at: usize, from: usize, end: usize): usize {
  const first = at
  while (at + 8 <= end) {
    const difference = load<u64>(at) ^ load<u64>(from)
    if (difference !== 0) return at - first + <usize>(ctz(difference) >>> 3)
    at += 8
    from += 8
  }
  while (at < end && load<u8>(at) === load<u8>(from)) {
    at++
    from++
  }
  return at - first
}

function copy(to: usize, from: usize, length: usize): void {
  const end = to + length
  do {
    v128.store(to, v128.load(from))
    to += 16
    from += 16
  } while (to < end)
}

/** Writes again what lies `distance` before `to`; where that overlaps, the pattern grows until a vector holds it. */
function repeat(to: usize, distance: usize, length: usize): void {
  const from = to - distance
  const end = to + length
  while (distance < 16 && to < end) {
    for (let i: usize = 0; i < distance; i++) store<u8>(to + i, load<u8>(from + i))
    to += distance
    distance += distance
  }
  if (to < end) copy(to, from, end - to)
}
