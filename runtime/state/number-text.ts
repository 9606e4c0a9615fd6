/** 15 digits name a double; up to this many of them after the point are tried. */
const MAX_DECIMALS = 6
const MAX_SCALED = 1e15
const SMALLEST_PLAIN = 1e-6
const [ZERO, MINUS, DOT] = [0x30, 0x2d, 0x2e]

/** Bytes that the longest text of a number takes. */
export const NUMBER_BYTES = 32

/** Writes a number as `JSON.stringify` does, most of them without making text first. Returns the position after it. */
export function writeNumber(bytes: Uint8Array, at: number, number: number): number {
  const size = Math.abs(number)
  let power = 1
  for (let decimals = 0; decimals <= MAX_DECIMALS; decimals++, power *= 10) {
    const scaled = Math.round(size * power)
    // The fewest decimals that give the same double are the shortest text.
    if (scaled / power !== size || !(scaled < MAX_SCALED)) continue
    if (decimals > 0 && size < SMALLEST_PLAIN) break
    const start = number < 0 ? at + 1 : at
    if (number < 0) bytes[at] = MINUS
    return writeDigits(bytes, start, scaled, decimals)
  }
  const text = Number.isFinite(number) ? `${number}` : 'null'
  for (let n = 0; n < text.length; n++) bytes[at + n] = text.charCodeAt(n)
  return at + text.length
}

/** The last `decimals` digits stand behind a point. */
function writeDigits(bytes: Uint8Array, at: number, digits: number, decimals: number): number {
  let length = decimals + 1
  for (let limit = 10 ** length; limit <= digits; limit *= 10) length++
  const end = at + length + Number(decimals > 0)
  let rest = digits
  for (let place = end - 1, left = decimals; place >= at; place--, left--) {
    if (decimals > 0 && left === 0) bytes[place--] = DOT
    const shorter = Math.floor(rest / 10)
    bytes[place] = ZERO + rest - shorter * 10
    rest = shorter
  }
  return end
}
