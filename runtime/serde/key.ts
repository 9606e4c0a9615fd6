import { decodeText } from './string.ts'

/**
 * Keys travel as text: a string as itself, anything else as JSON, so that a key chosen by `keyBy: value.card` has the very
 * bytes that another producer would write for it. Null stays null.
 */
export function serializeKey(key: unknown): Buffer | null {
  if (key === null || key === undefined) return null
  return Buffer.from(typeof key === 'string' ? key : JSON.stringify(key), 'utf8')
}

/** Throws `SerdeFault`. */
export const deserializeKey = (bytes: Buffer | null): string | null =>
  bytes === null ? null : decodeText(bytes)
