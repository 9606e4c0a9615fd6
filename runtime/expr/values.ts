import { EvaluationFault } from './expression-error.ts'

/** The name of a value's type in the words of CEL, with one `number` for all of JSON's numbers. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'list'
  if (value instanceof Uint8Array) return 'bytes'
  if (typeof value === 'object') return 'map'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

export type JsonMap = Readonly<Record<string, unknown>>

export const isMap = (value: unknown): value is JsonMap => typeName(value) === 'map'

/** Own properties only: `constructor` and `__proto__` are as absent as any key that the record does not have. */
export const hasKey = (map: JsonMap, key: string): boolean => Object.hasOwn(map, key)

/** Deep equality; values of different types are not equal, which is no fault. */
export function equals(a: unknown, b: unknown): boolean {
  if (a === b || (a ?? null) === (b ?? null)) return true
  const type = typeName(a)
  if (type !== typeName(b)) return false
  if (type === 'bytes') return Buffer.compare(a as Uint8Array, b as Uint8Array) === 0
  if (type === 'list') return equalLists(a as unknown[], b as unknown[])
  return type === 'map' && equalMaps(a as JsonMap, b as JsonMap)
}

const equalLists = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, index) => equals(item, b[index]))

function equalMaps(a: JsonMap, b: JsonMap): boolean {
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => hasKey(b, key) && equals(a[key], b[key]))
}

/** Negative, zero or positive; NaN when one side is NaN. Only numbers, strings and bools have an order. */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  throw new EvaluationFault(`cannot compare ${typeName(a)} with ${typeName(b)}`)
}

/** By Unicode code point, as CEL orders strings; JavaScript alone would order by UTF-16 unit. */
function compareStrings(a: string, b: string): number {
  if (a === b) return 0
  const left = Array.from(a)
  const right = Array.from(b)
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

export function requireNumber(value: unknown, what: string): number {
  if (typeof value === 'number') return value
  throw new EvaluationFault(`${what} needs a number, not ${typeName(value)}`)
}

/** Not NaN and not Infinity, which a Double on the wire may be, and which JSON writes as null. */
export function requireFinite(value: unknown, what: string): number {
  const number = requireNumber(value, what)
  if (Number.isFinite(number)) return number
  throw new EvaluationFault(`${what} needs a finite number, not ${number}`)
}

/** JSON has no Infinity: it would be written as null, unseen. */
export function finite(result: number): number {
  if (Number.isFinite(result)) return result
  throw new EvaluationFault('the result is too large for a number')
}

export function requireString(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  throw new EvaluationFault(`${what} needs a string, not ${typeName(value)}`)
}

export function requireBool(value: unknown, what: string): boolean {
  if (typeof value === 'boolean') return value
  throw new EvaluationFault(`${what} needs a bool, not ${typeName(value)}`)
}
