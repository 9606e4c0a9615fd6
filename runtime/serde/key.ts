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
