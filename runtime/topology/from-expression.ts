import type { Expression } from '../expr/compile.ts'
import type { RecordFunction, ValueMapper } from './nodes.ts'
import type { StreamRecord } from './record.ts'

type RecordExpression = Expression<StreamRecord>

/** A function of records that still shows its expression. `wrap` checks or turns the answer; it may throw. */
export function fromExpression(expression: RecordExpression): RecordFunction<unknown>
export function fromExpression<T>(
  expression: RecordExpression,
  wrap: (answer: unknown) => T,
): RecordFunction<T>
export function fromExpression(
  expression: RecordExpression,
  wrap?: (answer: unknown) => unknown,
): RecordFunction<unknown> {
  const ask =
    wrap === undefined
      ? (record: StreamRecord) => expression.evaluate(record)
      : (record: StreamRecord) => wrap(expression.evaluate(record))
  return Object.assign(ask, { expression })
}

/** A new value of these fields. */
export const fromFields = (
  fields: readonly (readonly [name: string, expression: RecordExpression])[],
): ValueMapper =>
  Object.assign(
    (record: StreamRecord) =>
      Object.fromEntries(fields.map(([name, expression]) => [name, expression.evaluate(record)])),
    { fields },
  )
