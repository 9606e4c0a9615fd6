/**
 * Writes a value as `JSON.stringify` writes what `JSON.parse` makes of it: without spaces, numbers in their shortest form.
 * Each function takes a position and returns the one after what it read: 0 where that is not JSON, or may come out of
 * JavaScript in another form that is not known here.
 */
import { copy } from './copy'
import { writeNumber } from './format-numbers'
import {
  isCanonical,
  isExact,
  number,
  readNumber,
  sawEscape,
  skipLiteral,
  skipSpace,
  skipString,
} from './json-text'
import { closeObject, follows, openObject } from './object-names'

/** Position after what was written last. */
export let out: usize = 0

export function writeTo(target: usize): void {
  out = target
}

export function write(from: usize, end: usize): void {
  out = copy(out, from, end)
}

export function writeByte(c: u8): void {
  store<u8>(out++, c)
}

export function rewriteValue(at: usize, limit: usize, depth: i32): usize {
  const c = load<u8>(at)
  if (c == 34) return rewriteString(at, limit)
  if (c == 123) return depth == 0 ? 0 : rewriteObject(at + 1, limit, depth - 1)
  if (c == 91) return depth == 0 ? 0 : rewriteArray(at + 1, limit, depth - 1)
  if (c == 45 || c <= 57) return rewriteNumber(at)
  const end = skipLiteral(at)
  if (end != 0) write(at, end)
  return end
}

function rewriteString(at: usize, limit: usize): usize {
  const end = skipString(at + 1, limit)
  if (end == 0 || (sawEscape && hasOddEscape(at + 1, end - 1))) return 0
  write(at, end)
  return end
}

/** An escape that JavaScript may write in another way: `\/` and `\u`. */
function hasOddEscape(at: usize, end: usize): bool {
  for (; at < end; at++) {
    if (load<u8>(at) != 92) continue
    const c = load<u8>(++at)
    if (c == 47 || c == 117) return true
  }
  return false
}

function rewriteNumber(at: usize): usize {
  const end = readNumber(at)
  if (end == 0 || !isExact) return 0
  if (isCanonical) {
    write(at, end)
    return end
  }
  const written = writeNumber(number, out)
  if (written == 0) return 0
  out = written
  return end
}

function rewriteArray(at: usize, limit: usize, depth: i32): usize {
  writeByte(91)
  at = skipSpace(at)
  if (load<u8>(at) == 93) return closed(at, 93)
  while (at < limit) {
    at = rewriteValue(at, limit, depth)
    if (at == 0) return 0
    at = skipSpace(at)
    const c = load<u8>(at)
    if (c == 93) return closed(at, 93)
    if (c != 44) return 0
    writeByte(44)
    at = skipSpace(at + 1)
  }
  return 0
}

function rewriteObject(at: usize, limit: usize, depth: i32): usize {
  const first = openObject()
  writeByte(123)
  at = skipSpace(at)
  if (load<u8>(at) == 125) return closed(at, 125)
  while (at < limit) {
    const name = at
    at = afterName(name, limit)
    if (at == 0 || !follows(first, name + 1, at - 1)) return 0
    write(name, at)
    writeByte(58)
    at = afterColon(at)
    if (at == 0) return 0
    at = rewriteValue(at, limit, depth)
    if (at == 0) return 0
    at = skipSpace(at)
    const c = load<u8>(at)
    if (c == 125) {
      closeObject(first)
      return closed(at, 125)
    }
    if (c != 44) return 0
    writeByte(44)
    at = skipSpace(at + 1)
  }
  return 0
}

function closed(at: usize, bracket: u8): usize {
  writeByte(bracket)
  return at + 1
}

/** From before the quote to after the closing one; names with escapes are not looked into. */
export function afterName(at: usize, limit: usize): usize {
  if (load<u8>(at) != 34) return 0
  const end = skipString(at + 1, limit)
  return sawEscape ? 0 : end
}

/** From after a name to before its value. */
export function afterColon(at: usize): usize {
  at = skipSpace(at)
  return load<u8>(at) == 58 ? skipSpace(at + 1) : 0
}
