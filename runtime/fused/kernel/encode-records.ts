import {
  bodies,
  CHUNK,
  ends,
  headers,
  isGone,
  keyLengths,
  keyStarts,
  kind,
  kinds,
  numbers,
  originOf,
  recordEnds,
  starts,
  valueStarts,
} from './columns'
import { copy } from './copy'
import { varintSize, writeVarint } from './varint'

/** How many records the last call wrote, and the latest of their timestamps. */
export let encoded: i32 = 0
export let maxTimestamp: f64 = 0

/**
 * How a new value is put together, in pieces of three i32: 0, position and length of fixed bytes; or 1, a slot and 0. Ends
 * with -1. Slots are written as JSON: strings in quotes, everything else by its text.
 */
const FIXED: i32 = 0
const SLOT: i32 = 1

/** The start of a window in a key, and the end of a session: an int64, big-endian. */
const TIME_BYTES: i32 = 8

/**
 * Writes the selected records as they follow `firstOffsetDelta` in a batch with `baseTimestamp`: with their own key or that
 * of a slot (`keySlot` ≥ 0), with their own value or one made by `template` (not 0), at the times of a column of f64, and with
 * their own headers. What windows have emitted has the key and headers of its record, which `origins` (not 0) names; a template
 * makes its value, unless it is gone, and the number of `windowSlot` (≥ 0), the start of its window, follows its key, after
 * that of `sessionEndSlot` (≥ 0) where it is of a session. Stops when `out` is full. Returns the position after the last byte.
 */
export function encodeRecords(
  selection: usize,
  selected: i32,
  keySlot: i32,
  template: usize,
  times: usize,
  origins: usize,
  windowSlot: i32,
  sessionEndSlot: i32,
  firstOffsetDelta: i32,
  baseTimestamp: f64,
  out: usize,
  outEnd: usize,
): usize {
  maxTimestamp = -Infinity
  const windowBytes = (i32(windowSlot >= 0) + i32(sessionEndSlot >= 0)) * TIME_BYTES
  for (encoded = 0; encoded < selected; encoded++) {
    const i = load<i32>(selection + (encoded << 2))
    const timestamp = load<f64>(times + (i << 3))
    const timestampDelta = <i64>(timestamp - baseTimestamp)
    const offsetDelta = <i64>(firstOffsetDelta + encoded)
    const own = originOf(origins, i)
    const hasValue = origins == 0 || !isGone(origins, i)
    const valueSize = !hasValue ? -1 : template == 0 ? 0 : sizeOfTemplate(template, i)
    const body =
      origins == 0
        ? bodySize(i, keySlot, template, valueSize)
        : emittedSize(own, windowBytes, valueSize)
    const length = 1 + varintSize(timestampDelta) + varintSize(offsetDelta) + body
    if (out + length + 5 > outEnd) return out
    out = writeVarint(out, length)
    store<u8>(out++, 0)
    out = writeVarint(out, timestampDelta)
    out = writeVarint(out, offsetDelta)
    out =
      origins == 0
        ? writeBody(out, i, keySlot, template, valueSize)
        : writeEmitted(out, own, i, windowSlot, sessionEndSlot, template, valueSize)
    if (timestamp > maxTimestamp) maxTimestamp = timestamp
  }
  return out
}

/** Key, value and headers with their lengths. */
function bodySize(i: i32, keySlot: i32, template: usize, valueSize: i32): i32 {
  const row = i << 2
  const recordEnd = load<i32>(recordEnds + row)
  if (keySlot < 0 && template == 0) return recordEnd - load<i32>(bodies + row)
  const key = keySlot < 0 ? ownKeySize(row) : sized(slotSize(keySlot * CHUNK + i))
  const value = template == 0 ? load<i32>(headers + row) - valueBody(row) : sized(valueSize)
  return key + value + recordEnd - load<i32>(headers + row)
}

function writeBody(out: usize, i: i32, keySlot: i32, template: usize, valueSize: i32): usize {
  const row = i << 2
  if (keySlot < 0 && template == 0) {
    return copy(out, load<i32>(bodies + row), load<i32>(recordEnds + row))
  }
  if (keySlot < 0) {
    const body = load<i32>(bodies + row)
    out = copy(out, body, body + ownKeySize(row))
  } else {
    const slot = keySlot * CHUNK + i
    out = writeVarint(out, <i64>slotSize(slot))
    out = copy(out, load<i32>(starts + (slot << 2)), load<i32>(ends + (slot << 2)))
  }
  if (template == 0) return copy(out, valueBody(row), load<i32>(recordEnds + row))
  out = writeVarint(out, <i64>valueSize)
  out = writeTemplate(out, template, i)
  return copy(out, load<i32>(headers + row), load<i32>(recordEnds + row))
}

/** Of what is emitted: key, value and headers with their lengths. */
function emittedSize(own: i32, windowBytes: i32, valueSize: i32): i32 {
  const row = own << 2
  const key = load<i32>(keyLengths + row) + windowBytes
  return sized(key) + sized(valueSize) + load<i32>(recordEnds + row) - load<i32>(headers + row)
}

function writeEmitted(
  out: usize,
  own: i32,
  i: i32,
  windowSlot: i32,
  sessionEndSlot: i32,
  template: usize,
  valueSize: i32,
): usize {
  const row = own << 2
  const length = load<i32>(keyLengths + row)
  const key = load<i32>(keyStarts + row)
  const windowBytes = (i32(windowSlot >= 0) + i32(sessionEndSlot >= 0)) * TIME_BYTES
  out = writeVarint(out, <i64>(length + windowBytes))
  out = copy(out, key, key + length)
  if (sessionEndSlot >= 0) out = writeTime(out, sessionEndSlot * CHUNK + i)
  if (windowSlot >= 0) out = writeTime(out, windowSlot * CHUNK + i)
  out = writeVarint(out, <i64>valueSize)
  if (valueSize >= 0) out = writeTemplate(out, template, i)
  return copy(out, load<i32>(headers + row), load<i32>(recordEnds + row))
}

function writeTime(out: usize, slot: i32): usize {
  store<u64>(out, bswap<u64>(<u64>(<i64>load<f64>(numbers + (slot << 3)))))
  return out + TIME_BYTES
}

/** The key with its length, as it came. */
function ownKeySize(row: i32): i32 {
  return valueBody(row) - load<i32>(bodies + row)
}

/** Position of the value's length: right after the key. */
function valueBody(row: i32): i32 {
  const length = load<i32>(keyLengths + row)
  const size = max(length, 0)
  return load<i32>(bodies + row) + varintSize(<i64>length) + size
}

function slotSize(slot: i32): i32 {
  return load<i32>(ends + (slot << 2)) - load<i32>(starts + (slot << 2))
}

function sized(length: i32): i32 {
  return varintSize(<i64>length) + max(length, 0)
}

function sizeOfTemplate(piece: usize, i: i32): i32 {
  let size = 0
  while (true) {
    const type = load<i32>(piece)
    if (type == FIXED) size += load<i32>(piece, 8)
    else if (type == SLOT) {
      const slot = load<i32>(piece, 4) * CHUNK + i
      size += slotSize(slot) + (load<u8>(kinds + slot) == kind.STRING ? 2 : 0)
    } else return size
    piece += 12
  }
  return size
}

function writeTemplate(out: usize, piece: usize, i: i32): usize {
  while (true) {
    const type = load<i32>(piece)
    if (type == FIXED) {
      const from = load<i32>(piece, 4)
      out = copy(out, from, from + load<i32>(piece, 8))
    } else if (type == SLOT) {
      const slot = load<i32>(piece, 4) * CHUNK + i
      const isString = load<u8>(kinds + slot) == kind.STRING
      if (isString) store<u8>(out++, 34)
      out = copy(out, load<i32>(starts + (slot << 2)), load<i32>(ends + (slot << 2)))
      if (isString) store<u8>(out++, 34)
    } else return out
    piece += 12
  }
  return out
}
