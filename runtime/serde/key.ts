import type { Serde } from './serde.ts'
import { stringSerde } from './string.ts'

/**
 * A key as bytes. Where no format is given it travels as text: a string as itself, anything else as JSON, so that a key
 * chosen by `keyBy: value.card` has the very bytes that another producer would write for it. Null stays null. Throws
 * `SerdeFault`.
 */
export const serializeKey = (key: unknown, serde: Serde = stringSerde): Buffer | null =>
  key === null || key === undefined ? null : serde.serialize(key)

/** Throws `SerdeFault`. */
export const deserializeKey = (bytes: Buffer | null, serde: Serde): unknown =>
  bytes === null ? null : serde.deserialize(bytes)

/** Whether two keys that a job has made are the same where they are written; null is like nothing. Throws `SerdeFault`. */
export function isSameKey(a: unknown, b: unknown): boolean {
  const [first, second] = [serializeKey(a), serializeKey(b)]
  return first !== null && second !== null && first.equals(second)
}
