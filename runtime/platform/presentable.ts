const SECRET_FIELD = /pass(word)?|secret|token|credential|authorization|private_?key/i
const MAX_DEPTH = 6

/** A field as it may be logged: winston prints an Error as {} unless told otherwise, and secrets as they are given. */
export function presentable(value: unknown, depth = 0): unknown {
  if (value instanceof Error) {
    const { name, message, stack, cause } = value
    return {
      type: name,
      message,
      stack,
      ...(cause === undefined ? {} : { cause: presentable(cause, depth + 1) }),
    }
  }
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return '…'
  if (Array.isArray(value)) return value.map((item) => presentable(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      SECRET_FIELD.test(name) ? '[redacted]' : presentable(field, depth + 1),
    ]),
  )
}
