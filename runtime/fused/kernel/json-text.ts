/**
 * The grammar of JSON, byte by byte. Each function takes a position and returns the one after what it read, 0 if that is not
 * there. They may read some bytes past the value: the caller compares the last position with the value's end.
 */

/** The interpreter's bound is wider: what is deeper than this goes to it. */
export const MAX_DEPTH: i32 = 64

/** True if a byte past ASCII was met: such a value must be checked to be UTF-8. The caller resets it. */
export let sawHighByte: bool = false
/** True if the string read last has escapes. */
export let sawEscape: bool = false
/** The number read last. */
export let number: f64 = 0
/** Whether `number` is that number exactly, and whether its text is what JavaScript would write. */
export let isExact: bool = false
export let isCanonical: bool = false

export function resetHighByte(): void {
  sawHighByte = false
}

export function skipSpace(at: usize): usize {
  while (true) {
    const c = load<u8>(at)
    if (c > 32 || (c != 32 && c != 10 && c != 13 && c != 9)) return at
    at++
  }
  return at
}

/** From after the opening quote to after the closing one; sixteen bytes at a time. */
export function skipString(at: usize, limit: usize): usize {
  sawEscape = false
  while (at < limit) {
    const bytes = v128.load(at)
    const special = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(34)), i8x16.eq(bytes, i8x16.splat(92))),
      i8x16.lt_u(bytes, i8x16.splat(32)),
    )
    const stops = i8x16.bitmask(special)
    const highs = i8x16.bitmask(bytes)
    if (stops == 0) {
      if (highs != 0) sawHighByte = true
      at += 16
      continue
    }
    const clear = ctz(stops)
    if ((highs & ((1 << clear) - 1)) != 0) sawHighByte = true
    at += clear
    const c = load<u8>(at)
    if (c == 34) return at < limit ? at + 1 : 0
    at = c == 92 ? skipEscape(at) : 0
    if (at == 0) return 0
    sawEscape = true
  }
  return 0
}

function skipEscape(at: usize): usize {
  const c = load<u8>(at + 1)
  if (c != 117) return isEscapable(c) ? at + 2 : 0
  for (let digit: usize = 2; digit < 6; digit++) if (!isHex(load<u8>(at + digit))) return 0
  return at + 6
}

/** One of `"` `\` `/` `b` `f` `n` `r` `t`. */
function isEscapable(c: u8): bool {
  return c == 34 || c == 92 || c == 47 || c == 98 || c == 102 || c == 110 || c == 114 || c == 116
}

function isHex(c: u8): bool {
  return (c >= 48 && c <= 57) || ((c | 32) >= 97 && (c | 32) <= 102)
}

/** A double holds every decimal of up to 15 digits, and a power of ten up to 22 is exact: one division rounds right. */
const MAX_EXACT_DIGITS: i32 = 15
const POWERS: StaticArray<f64> = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]
/** From here down JavaScript writes an exponent. */
const SMALLEST_PLAIN: f64 = 1e-6

export function readNumber(at: usize): usize {
  const isNegative = load<u8>(at) == 45
  if (isNegative) at++
  const start = at
  let mantissa: u64 = 0
  let c = load<u8>(at)
  while (c >= 48 && c <= 57) {
    mantissa = mantissa * 10 + (c - 48)
    c = load<u8>(++at)
  }
  let digits = <i32>(at - start)
  if (digits == 0 || (digits > 1 && load<u8>(start) == 48)) return 0
  let scale: i32 = 0
  isCanonical = !(isNegative && mantissa == 0)
  if (c == 46) {
    const point = at
    c = load<u8>(++at)
    while (c >= 48 && c <= 57) {
      mantissa = mantissa * 10 + (c - 48)
      c = load<u8>(++at)
    }
    scale = <i32>(at - point) - 1
    if (scale == 0) return 0
    digits += scale
    isCanonical = load<u8>(at - 1) != 48
  }
  isExact = digits <= MAX_EXACT_DIGITS
  if (c == 69 || c == 101) {
    isExact = false
    at = skipExponent(at + 1)
  }
  if (!isExact) return at
  const size = scale == 0 ? <f64>mantissa : <f64>mantissa / unchecked(POWERS[scale])
  if (scale > 0 && size < SMALLEST_PLAIN) isCanonical = false
  number = isNegative ? -size : size
  return at
}

function skipExponent(at: usize): usize {
  let c = load<u8>(at)
  if (c == 43 || c == 45) c = load<u8>(++at)
  const start = at
  while (c >= 48 && c <= 57) c = load<u8>(++at)
  return at == start ? 0 : at
}

const TRUE: u32 = 0x65757274
const NULL: u32 = 0x6c6c756e
const ALSE: u32 = 0x65736c61

export function skipLiteral(at: usize): usize {
  const word = load<u32>(at)
  if (word == TRUE || word == NULL) return at + 4
  return load<u8>(at) == 102 && load<u32>(at + 1) == ALSE ? at + 5 : 0
}

/** Any value, nested up to `depth`. */
export function skipValue(at: usize, limit: usize, depth: i32): usize {
  const c = load<u8>(at)
  if (c == 34) return skipString(at + 1, limit)
  if (c == 123) return depth == 0 ? 0 : skipObject(at + 1, limit, depth - 1)
  if (c == 91) return depth == 0 ? 0 : skipArray(at + 1, limit, depth - 1)
  return c == 45 || c <= 57 ? readNumber(at) : skipLiteral(at)
}

function skipObject(at: usize, limit: usize, depth: i32): usize {
  at = skipSpace(at)
  if (load<u8>(at) == 125) return at + 1
  while (at < limit) {
    at = afterColon(at, limit)
    if (at == 0) return 0
    at = skipValue(at, limit, depth)
    if (at == 0) return 0
    at = skipSpace(at)
    const c = load<u8>(at)
    if (c == 125) return at + 1
    if (c != 44) return 0
    at = skipSpace(at + 1)
  }
  return 0
}

/** From before a key to before its value. */
function afterColon(at: usize, limit: usize): usize {
  if (load<u8>(at) != 34) return 0
  at = skipString(at + 1, limit)
  if (at == 0) return 0
  at = skipSpace(at)
  return load<u8>(at) == 58 ? skipSpace(at + 1) : 0
}

function skipArray(at: usize, limit: usize, depth: i32): usize {
  at = skipSpace(at)
  if (load<u8>(at) == 93) return at + 1
  while (at < limit) {
    at = skipValue(at, limit, depth)
    if (at == 0) return 0
    at = skipSpace(at)
    const c = load<u8>(at)
    if (c == 93) return at + 1
    if (c != 44) return 0
    at = skipSpace(at + 1)
  }
  return 0
}
