import { isUtf8 } from 'node:buffer'

/** Text by its UTF-8 bytes: equality, prefixes and parts are the same there as in characters. */

/** Whether the bytes are text at all. */
export function isText(bytes: Uint8Array, start: number, length: number): boolean {
  for (let n = start; n < start + length; n++)
    if ((bytes[n] ?? 0) >= 0x80) return isUtf8(bytes.subarray(start, start + length))
  return true
}

export function equalText(
  bytes: Uint8Array,
  start: number,
  end: number,
  text: Uint8Array,
): boolean {
  return end - start === text.length && isAt(bytes, start, text)
}

export function equalTexts(
  bytes: Uint8Array,
  start: number,
  end: number,
  ...[other, otherEnd]: readonly [number, number]
): boolean {
  if (end - start !== otherEnd - other) return false
  for (let n = 0; n < end - start; n++) if (bytes[start + n] !== bytes[other + n]) return false
  return true
}

export function startsWith(
  bytes: Uint8Array,
  start: number,
  end: number,
  text: Uint8Array,
): boolean {
  return end - start >= text.length && isAt(bytes, start, text)
}

export function endsWith(bytes: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  return end - start >= text.length && isAt(bytes, end - text.length, text)
}

export function contains(bytes: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  for (let at = start; at <= end - text.length; at++) if (isAt(bytes, at, text)) return true
  return false
}

function isAt(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let n = 0; n < text.length; n++) if (bytes[at + n] !== text[n]) return false
  return true
}
