import { CHUNK, ends, kind, kinds, starts, valueLengths, valueStarts } from './columns'
import { MAX_DEPTH, resetHighByte, sawHighByte, skipSpace, skipValue } from './json-text'
import { closeObject, follows, openObject } from './object-names'
import { afterColon, afterName, out, rewriteValue, write, writeByte, writeTo } from './rewrite-json'
import { isSame } from './same-bytes'
import { isUtf8 } from './utf8'

/** Where the text of the next projected value goes; the caller sees to it that there is room. */
export let texts: usize = 0

/**
 * Writes the value of a record, or that of a slot (`from` ≥ 0), with other fields, and puts the text into `slot`.
 *
 * `projection` is two words and four more a field: whether fields that are not named stay, how many are named, and of each
 * where its name lies and its length, where its new name lies as JSON with a colon, or 0 if the field goes, and its length,
 * which is below 0 for a field that must not be there.
 *
 * Returns false if the record is in doubt.
 */
export function projectValue(i: i32, from: i32, projection: usize, slot: i32): bool {
  const row = (from < 0 ? i : from * CHUNK + i) << 2
  const start: usize = load<i32>((from < 0 ? valueStarts : starts) + row)
  const limit = from < 0 ? start + load<i32>(valueLengths + row) : load<i32>(ends + row)
  if (<isize>(limit - start) < 2) return false
  resetHighByte()
  writeTo(texts)
  const at = projectObject(skipSpace(start), limit, projection)
  if (at == 0 || skipSpace(at) != limit) return false
  if (sawHighByte && !isUtf8(start, limit)) return false
  const target = slot * CHUNK + i
  store<u8>(kinds + target, kind.OBJECT)
  store<i32>(starts + (target << 2), <i32>texts)
  store<i32>(ends + (target << 2), <i32>out)
  texts = out
  return true
}

function projectObject(at: usize, limit: usize, projection: usize): usize {
  if (load<u8>(at) != 123) return 0
  closeObject(0)
  const start = out
  writeByte(123)
  at = skipSpace(at + 1)
  if (load<u8>(at) == 125) {
    writeByte(125)
    return at + 1
  }
  while (at < limit) {
    at = projectField(at, limit, projection)
    if (at == 0) return 0
    at = skipSpace(at)
    const c = load<u8>(at)
    if (c == 125) {
      // In the place of the last comma.
      if (out > start + 1) writeTo(out - 1)
      writeByte(125)
      return at + 1
    }
    if (c != 44) return 0
    at = skipSpace(at + 1)
  }
  return 0
}

function projectField(at: usize, limit: usize, projection: usize): usize {
  const name = at
  at = afterName(name, limit)
  if (at == 0) return 0
  const nameEnd = at
  at = afterColon(at)
  if (at == 0) return 0
  const field = find(projection, name + 1, nameEnd - 1)
  if (field == 0) {
    if (load<i32>(projection) == 0) return skipValue(at, limit, MAX_DEPTH)
    if (!follows(0, name + 1, nameEnd - 1)) return 0
    write(name, nameEnd)
    writeByte(58)
  } else {
    const text: usize = load<i32>(field, 8)
    if (text == 0) return load<i32>(field, 12) < 0 ? 0 : skipValue(at, limit, MAX_DEPTH)
    const textEnd = text + load<i32>(field, 12)
    if (!follows(0, text + 1, textEnd - 2)) return 0
    write(text, textEnd)
  }
  at = rewriteValue(at, limit, MAX_DEPTH)
  writeByte(44)
  return at
}

function find(projection: usize, name: usize, end: usize): usize {
  const length = <i32>(end - name)
  const first = projection + 8
  const last = first + (load<i32>(projection, 4) << 4)
  for (let field = first; field < last; field += 16) {
    if (load<i32>(field, 4) == length && isSame(load<i32>(field), name, length)) return field
  }
  return 0
}
