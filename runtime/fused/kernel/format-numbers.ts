import { CHUNK, ends, kind, kinds, numbers, starts } from './columns'

/** Bytes that the longest text of a double takes. */
export const NUMBER_BYTES: i32 = 24

/** Integers up to here have their digits as text. */
const MAX_SAFE: f64 = 9007199254740991
/** 15 digits name a double; up to this many of them after the point are tried. */
const MAX_DECIMALS: i32 = 6
const MAX_SCALED: f64 = 1e15
const SMALLEST_PLAIN: f64 = 1e-6

/**
 * Writes the numbers of a slot that have no text yet, as JavaScript would, to `texts` (`NUMBER_BYTES` for each record).
 * Returns how many are left unwritten: those that need more digits.
 */
export function formatNumbers(slot: i32, from: i32, to: i32, texts: usize): i32 {
  let left = 0
  for (let i = from; i < to; i++) {
    const at = slot * CHUNK + i
    if (load<u8>(kinds + at) != kind.UNWRITTEN) continue
    const start = texts + i * NUMBER_BYTES
    const end = writeNumber(load<f64>(numbers + (at << 3)), start)
    if (end == 0) {
      left++
      continue
    }
    store<u8>(kinds + at, kind.NUMBER)
    store<i32>(starts + (at << 2), <i32>start)
    store<i32>(ends + (at << 2), <i32>end)
  }
  return left
}

/**
 * As JavaScript writes it: the fewest decimals that give the same double are the shortest text. Returns the position after
 * it, 0 for a number that needs more digits.
 */
export function writeNumber(value: f64, at: usize): usize {
  if (value < 0) {
    store<u8>(at++, 45)
    value = -value
  }
  if (value == floor(value)) return value <= MAX_SAFE ? writeDigits(<u64>value, at, 0) : 0
  if (value < SMALLEST_PLAIN) return 0
  let power: f64 = 1
  for (let decimals = 1; decimals <= MAX_DECIMALS; decimals++) {
    power *= 10
    const scaled = nearest(value * power)
    if (scaled > MAX_SCALED) return 0
    if (scaled / power == value) return writeDigits(<u64>scaled, at, decimals)
  }
  return 0
}

function writeDigits(value: u64, at: usize, decimals: i32): usize {
  const size = max(digitsOf(value), decimals + 1) + (decimals > 0 ? 1 : 0)
  const end = at + size
  for (let place = end - 1, left = decimals; place >= at; place--) {
    if (decimals > 0 && left == 0) {
      store<u8>(place--, 46)
    }
    left--
    store<u8>(place, 48 + <u8>(value % 10))
    value /= 10
  }
  return end
}

function digitsOf(value: u64): i32 {
  let digits = 1
  for (; value >= 10; value /= 10) digits++
  return digits
}
