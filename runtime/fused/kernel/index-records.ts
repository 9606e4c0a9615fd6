import {
  bodies,
  headers,
  keyLengths,
  keyStarts,
  offsetDeltas,
  recordEnds,
  timestamps,
  valueLengths,
  valueStarts,
} from './columns'
import { afterVarint, readVarint, readVarlong } from './varint'

/**
 * Finds the parts of `count` records from `at` on, whose offset deltas ascend from `firstDelta` to below `offsets`. Returns
 * the position after them, 0 if the bytes are no such records. With log append time (`appendTime` is not NaN) every record
 * carries that.
 */
export function indexRecords(
  at: usize,
  end: usize,
  count: i32,
  firstDelta: i32,
  offsets: i32,
  baseTimestamp: f64,
  appendTime: f64,
): usize {
  for (let i = 0; i < count; i++) {
    at = indexRecord(at, end, i, baseTimestamp, appendTime)
    if (at == 0) return 0
    const delta = load<i32>(offsetDeltas + (i << 2))
    if (delta < firstDelta || delta >= offsets) return 0
    firstDelta = delta + 1
  }
  return at
}

function indexRecord(at: usize, end: usize, i: i32, baseTimestamp: f64, appendTime: f64): usize {
  const length = readVarint(at)
  if (afterVarint == 0 || length < 6 || <usize>length > end - afterVarint) return 0
  const recordEnd = afterVarint + length
  // The byte of attributes before the timestamp is unused.
  const timestampDelta = readVarlong(afterVarint + 1)
  if (afterVarint == 0) return 0
  const timestamp = appendTime == appendTime ? appendTime : baseTimestamp + <f64>timestampDelta
  store<f64>(timestamps + (i << 3), timestamp)
  store<i32>(offsetDeltas + (i << 2), readVarint(afterVarint))
  if (afterVarint == 0) return 0
  store<i32>(bodies + (i << 2), <i32>afterVarint)
  const key = part(afterVarint, recordEnd, keyStarts + (i << 2), keyLengths + (i << 2))
  const header = part(key, recordEnd, valueStarts + (i << 2), valueLengths + (i << 2))
  if (header == 0 || header >= recordEnd || !areHeaders(header, recordEnd)) return 0
  store<i32>(headers + (i << 2), <i32>header)
  store<i32>(recordEnds + (i << 2), <i32>recordEnd)
  return recordEnd
}

/** A count, then a name and a value each; checked here, once, because they are copied as they are. */
function areHeaders(at: usize, recordEnd: usize): bool {
  const count = readVarint(at)
  if (count < 0 || afterVarint == 0) return false
  at = afterVarint
  for (let i = 0; i < count; i++) {
    const name = part(at, recordEnd, scratch, scratch + 4)
    if (name == 0 || load<i32>(scratch, 4) < 0) return false
    at = part(name, recordEnd, scratch, scratch + 4)
    if (at == 0) return false
  }
  return at == recordEnd
}

/** Where `part` leaves what nobody needs. */
const scratch: usize = memory.data(8)

/** A length and as many bytes. Returns the position after them, 0 if they do not fit. */
function part(at: usize, recordEnd: usize, start: usize, length: usize): usize {
  if (at == 0 || at >= recordEnd) return 0
  const size = readVarint(at)
  if (afterVarint == 0 || afterVarint > recordEnd) return 0
  if (<i64>max(size, 0) > <i64>(recordEnd - afterVarint)) return 0
  store<i32>(start, <i32>afterVarint)
  store<i32>(length, size < 0 ? -1 : size)
  return afterVarint + max(size, 0)
}
