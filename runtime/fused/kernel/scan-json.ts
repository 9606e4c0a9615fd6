import {
  CHUNK,
  doubts,
  ends,
  keyLengths,
  keyStarts,
  kind,
  kinds,
  numbers,
  starts,
  valueLengths,
  valueStarts,
} from './columns'
import {
  isCanonical,
  isExact,
  MAX_DEPTH,
  number,
  readNumber,
  resetHighByte,
  sawEscape,
  sawHighByte,
  skipLiteral,
  skipSpace,
  skipString,
  skipValue,
} from './json-text'
import { isSame } from './same-bytes'
import { isUtf8 } from './utf8'

/**
 * The tree of field names that the job reads: nodes of five i32: name position, name length, first child or -1, next sibling
 * or -1, slot. The children of the value itself start at node 0.
 */
export let names: usize = 0

/**
 * Reads the wanted fields of `count` values in one pass over all their bytes, so that what is not JSON is never taken for it.
 * Returns how many are in doubt: not an object, a wanted name twice, a name with escapes, too deep, or no JSON at all.
 */
export function scanValues(count: i32, slots: i32): i32 {
  for (let slot = 0; slot < slots; slot++) memory.fill(kinds + slot * CHUNK, kind.ABSENT, count)
  let found = 0
  for (let i = 0; i < count; i++) {
    const isClear = scanValue(i)
    store<u8>(doubts + i, isClear ? 0 : 1)
    if (!isClear) found++
  }
  return found
}

function scanValue(i: i32): bool {
  const length = load<i32>(valueLengths + (i << 2))
  if (length < 2) return false
  const start: usize = load<i32>(valueStarts + (i << 2))
  const limit = start + length
  resetHighByte()
  let at = skipSpace(start)
  if (load<u8>(at) != 123) return false
  at = scanObject(at + 1, limit, 0, i, MAX_DEPTH)
  if (at == 0 || skipSpace(at) != limit) return false
  return !sawHighByte || isUtf8(start, limit)
}

/** From after the opening brace to after the closing one. */
function scanObject(at: usize, limit: usize, first: i32, i: i32, depth: i32): usize {
  at = skipSpace(at)
  if (load<u8>(at) == 125) return at + 1
  while (at < limit) {
    if (load<u8>(at) != 34) return 0
    const name = at + 1
    at = skipString(name, limit)
    if (at == 0 || sawEscape) return 0
    const node = find(first, name, at - 1)
    at = skipSpace(at)
    if (load<u8>(at) != 58) return 0
    at = skipSpace(at + 1)
    at = node == 0 ? skipValue(at, limit, depth) : scanField(at, limit, node, i, depth)
    if (at == 0) return 0
    at = skipSpace(at)
    const c = load<u8>(at)
    if (c == 125) return at + 1
    if (c != 44) return 0
    at = skipSpace(at + 1)
  }
  return 0
}

function find(first: i32, name: usize, nameEnd: usize): usize {
  const length = <i32>(nameEnd - name)
  for (let node = first; node >= 0;) {
    const entry = names + node * 20
    if (load<i32>(entry, 4) == length && isSame(load<i32>(entry), name, length)) return entry
    node = load<i32>(entry, 12)
  }
  return 0
}

function scanField(at: usize, limit: usize, node: usize, i: i32, depth: i32): usize {
  const slot = load<i32>(node, 16) * CHUNK + i
  // JSON.parse takes the last of two; the interpreter may settle that.
  if (load<u8>(kinds + slot) != kind.ABSENT) return 0
  const c = load<u8>(at)
  if (c == 34) {
    const end = skipString(at + 1, limit)
    return put(slot, sawEscape ? kind.ESCAPED : kind.STRING, at + 1, end - 1, end)
  }
  if (c == 123) {
    // Present before its own fields, so that a second one of the name is noticed.
    store<u8>(kinds + slot, kind.OBJECT)
    const child = load<i32>(node, 8)
    const end =
      child < 0 ? skipValue(at, limit, depth) : scanObject(at + 1, limit, child, i, depth - 1)
    return depth == 0 ? 0 : end
  }
  if (c == 91) return put(slot, kind.ARRAY, at, at, skipValue(at, limit, depth))
  if (c == 45 || c <= 57) {
    const end = readNumber(at)
    store<f64>(numbers + (slot << 3), number)
    const form = !isExact ? kind.LONG_NUMBER : isCanonical ? kind.NUMBER : kind.UNWRITTEN
    return put(slot, form, at, end, end)
  }
  const end = skipLiteral(at)
  return put(slot, c == 116 ? kind.TRUE : c == 102 ? kind.FALSE : kind.NULL, at, end, end)
}

function put(slot: i32, what: u8, start: usize, end: usize, next: usize): usize {
  store<u8>(kinds + slot, what)
  store<i32>(starts + (slot << 2), <i32>start)
  store<i32>(ends + (slot << 2), <i32>end)
  return next
}

/**
 * Puts the records' keys into a slot, as far as they are plain text that JSON would write as it is. `nullText` is where the
 * text of a null lies.
 */
export function readKeys(count: i32, slot: i32, nullText: usize): void {
  for (let i = 0; i < count; i++) {
    const start: usize = load<i32>(keyStarts + (i << 2))
    const length = load<i32>(keyLengths + (i << 2))
    const at = slot * CHUNK + i
    if (length < 0) put(at, kind.NULL, nullText, nullText + 4, 0)
    else
      put(at, isPlain(start, start + length) ? kind.STRING : kind.ESCAPED, start, start + length, 0)
  }
}

function isPlain(at: usize, end: usize): bool {
  for (; at < end; at++) {
    const c = load<u8>(at)
    if (c < 32 || c == 34 || c == 92 || c >= 128) return false
  }
  return true
}
