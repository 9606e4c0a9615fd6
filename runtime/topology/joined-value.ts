/**
 * What a step's join makes of two values: the fields of the first, and the second under a name. What is missing is null, of
 * the first there are no fields then. Throws `TypeError` for a first value without fields.
 */
export const joinedUnder =
  (name: string) =>
  (value: unknown, met: unknown): unknown => {
    if (typeof value === 'object' && !Array.isArray(value)) return { ...value, [name]: met }
    const type = Array.isArray(value) ? 'list' : typeof value
    throw new TypeError(`join puts "${name}" beside the fields of an object, not of a ${type}`)
  }
