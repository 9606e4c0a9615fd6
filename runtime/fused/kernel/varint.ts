/** Position after the varint read last; 0 if it was not one. */
export let afterVarint: usize = 0

export function readVarint(at: usize): i32 {
  const byte: i32 = load<u8>(at)
  if (byte >= 0x80) return <i32>readVarlong(at)
  afterVarint = at + 1
  return (byte >>> 1) ^ -(byte & 1)
}

export function readVarlong(at: usize): i64 {
  let result: u64 = 0
  for (let shift: u64 = 0; shift < 70; shift += 7) {
    const byte: u64 = load<u8>(at++)
    result |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      afterVarint = at
      return (result >>> 1) ^ -(<i64>(result & 1))
    }
  }
  afterVarint = 0
  return 0
}

export function varintSize(value: i64): i32 {
  const bits = 64 - <i32>clz<u64>(zigZag(value) | 1)
  return (bits + 6) / 7
}

/** Returns the position after it. */
export function writeVarint(at: usize, value: i64): usize {
  let rest = zigZag(value)
  while (rest >= 0x80) {
    store<u8>(at++, rest | 0x80)
    rest >>>= 7
  }
  store<u8>(at, rest)
  return at + 1
}

function zigZag(value: i64): u64 {
  return <u64>((value << 1) ^ (value >> 63))
}
