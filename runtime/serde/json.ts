import type { Serde } from './serde.ts'
import { SerdeFault } from './serde-fault.ts'
import { decodeText, preview } from './string.ts'

/** `JSON.parse` takes any depth and `JSON.stringify` dies of it: a bound makes such a value a bad record instead. */
const MAX_DEPTH = 256
/** Each level takes two brackets: a text that is shorter need not be looked through. */
const MIN_DEEP_CHARACTERS = 2 * (MAX_DEPTH + 1)

/** JSON text in UTF-8. Numbers are doubles: an integer beyond 2^53 loses its last digits. */
export const jsonSerde: Serde = {
  serialize(value) {
    const text = JSON.stringify(value) as string | undefined
    if (text !== undefined) return Buffer.from(text, 'utf8')
    throw new SerdeFault('NotJson', `a ${typeof value} cannot be written as JSON`)
  },

  deserialize(bytes) {
    const text = decodeText(bytes)
    const value = parse(text, bytes)
    if (text.length >= MIN_DEEP_CHARACTERS && deeperThan(value, MAX_DEPTH)) {
      throw new SerdeFault('TooDeep', `JSON nested more than ${MAX_DEPTH} deep`)
    }
    return value
  },
}

function parse(text: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const why = bytes.length === 0 ? 'empty' : (error as Error).message
    throw new SerdeFault('InvalidJson', `not JSON: ${why}; bytes ${preview(bytes)}`, {
      cause: error,
    })
  }
}

function deeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (depth === 0) return true
  for (const child of Object.values(value)) if (deeperThan(child, depth - 1)) return true
  return false
}
