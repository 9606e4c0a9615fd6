import { SerdeFault } from './serde-fault.ts'
import { preview } from './string.ts'

const MAX_SHOWN = 32
const DECIMAL = /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/

/** A number, or text that is one: a key comes back as text from a repartition topic. Throws `SerdeFault`. */
export function numberFrom(value: unknown, format: string): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && DECIMAL.test(value)) return Number(value)
  throw new SerdeFault('NotANumber', `${shown(value)} cannot be written as ${format}: not a number`)
}

/** An integer from `min` to `max`. Throws `SerdeFault`. */
export function integerFrom(
  value: unknown,
  format: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const number = numberFrom(value, format)
  if (!Number.isInteger(number))
    throw new SerdeFault('NotAnInteger', `${number} cannot be written as ${format}: round it first`)
  if (number >= min && number <= max) return number
  throw new SerdeFault(
    'OutOfRange',
    `${shown(value)} cannot be written as ${format}: it takes ${min} to ${max}`,
  )
}

/** Throws `SerdeFault`. */
export function requireLength(bytes: Buffer, length: number, format: string): void {
  if (bytes.length === length) return
  throw new SerdeFault(
    'WrongLength',
    `not ${format}: expected ${length} bytes, got ${preview(bytes)}`,
  )
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_SHOWN))
  if (typeof value === 'number') return String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
