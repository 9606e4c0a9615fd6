import { EvaluationFault } from '../expression-error.ts'
import { typeName } from '../values.ts'

/**
 * A value as a state keeps it: JSON of its own, the same before and after a restore, that nobody who holds the record can
 * change.
 */
export function kept(value: unknown, what: string): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value))
    return value
  return JSON.parse(jsonOf(value, what)) as unknown
}

export function jsonOf(value: unknown, what: string): string {
  const text = JSON.stringify(value ?? null) as string | undefined
  if (text !== undefined) return text
  throw new EvaluationFault(`${what} needs a value that JSON can hold, not a ${typeName(value)}`)
}
