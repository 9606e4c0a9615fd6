import { EvaluationFault } from '../expr/expression-error.ts'
import { isMap, typeName } from '../expr/values.ts'

/** An object with one field more, or with another value of it. Throws `EvaluationFault` for what has no fields. */
export function addField(
  value: unknown,
  name: string,
  field: unknown,
): Readonly<Record<string, unknown>> {
  if (isMap(value)) return { ...value, [name]: field }
  throw new EvaluationFault(`the field ${name} is added to an object, not to a ${typeName(value)}`)
}
