/**
 * The registers of a HyperLogLog as text, so that one can be read without decoding all, and a state copied by joining parts
 * of another. Each holds a rank, from 0 to 63, and is one digit. As long as few are in use, only those stand there, as
 * entries of three digits in the order of registers: two for the register, one for its rank. When that would be longer, all
 * stand one after the other.
 */
export const REGISTERS = 4096
const ENTRY = 3

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const digitByCode = Uint8Array.from({ length: 128 }, (_, code) =>
  Math.max(0, DIGITS.indexOf(String.fromCharCode(code))),
)

export function rankIn(text: string, register: number): number {
  if (hasAll(text)) return digitAt(text, register)
  const place = placeOf(text, register)
  return isEntryOf(text, place, register) ? digitAt(text, place + ENTRY - 1) : 0
}

export function withRank(text: string, register: number, rank: number): string {
  if (hasAll(text)) return text.slice(0, register) + digitOf(rank) + text.slice(register + 1)
  const place = placeOf(text, register)
  const end = isEntryOf(text, place, register) ? place + ENTRY : place
  const next = text.slice(0, place) + entryOf(register, rank) + text.slice(end)
  return next.length > REGISTERS ? textOf(ranksOf(next)) : next
}

export function ranksOf(text: string): Uint8Array {
  if (hasAll(text)) return Buffer.from(text, 'latin1').map((code) => digitByCode[code] ?? 0)
  const ranks = new Uint8Array(REGISTERS)
  for (let place = 0; place < text.length; place += ENTRY)
    ranks[registerAt(text, place)] = digitAt(text, place + ENTRY - 1)
  return ranks
}

export function textOf(ranks: Uint8Array): string {
  let entries = ''
  ranks.forEach((rank, register) => {
    if (rank > 0) entries += entryOf(register, rank)
  })
  if (entries.length <= REGISTERS) return entries
  return Buffer.from(ranks.map((rank) => DIGITS.charCodeAt(rank))).toString('latin1')
}

/** No number of entries is as long. */
const hasAll = (text: string): boolean => text.length === REGISTERS

/** Where the entry of a register is, or would be. */
function placeOf(text: string, register: number): number {
  let low = 0
  let high = text.length / ENTRY
  while (low < high) {
    const middle = (low + high) >>> 1
    if (registerAt(text, middle * ENTRY) < register) low = middle + 1
    else high = middle
  }
  return low * ENTRY
}

const isEntryOf = (text: string, place: number, register: number): boolean =>
  place < text.length && registerAt(text, place) === register

const registerAt = (text: string, place: number): number =>
  digitAt(text, place) * DIGITS.length + digitAt(text, place + 1)

const entryOf = (register: number, rank: number): string =>
  digitOf(Math.floor(register / DIGITS.length)) + digitOf(register % DIGITS.length) + digitOf(rank)

const digitAt = (text: string, at: number): number => digitByCode[text.charCodeAt(at)] ?? 0

const digitOf = (value: number): string => DIGITS.charAt(value)
