/** Whether the bytes are UTF-8: no overlong form, no surrogate, nothing past U+10FFFF. */
export function isUtf8(at: usize, end: usize): bool {
  while (at < end) {
    const lead: u32 = load<u8>(at)
    if (lead < 0x80) {
      at++
      continue
    }
    const size = sizeOf(lead)
    if (size == 0 || at + size > end || !isSecond(lead, load<u8>(at + 1))) return false
    for (let i: usize = 2; i < size; i++) if ((load<u8>(at + i) & 0xc0) != 0x80) return false
    at += size
  }
  return true
}

function sizeOf(lead: u32): usize {
  if (lead < 0xc2) return 0
  if (lead < 0xe0) return 2
  if (lead < 0xf0) return 3
  return lead < 0xf5 ? 4 : 0
}

/** The second byte alone tells overlong forms, surrogates and what is past the last code point. */
function isSecond(lead: u32, second: u32): bool {
  if (lead == 0xe0) return second >= 0xa0 && second <= 0xbf
  if (lead == 0xed) return second >= 0x80 && second <= 0x9f
  if (lead == 0xf0) return second >= 0x90 && second <= 0xbf
  if (lead == 0xf4) return second >= 0x80 && second <= 0x8f
  return (second & 0xc0) == 0x80
}
