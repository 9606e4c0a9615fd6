import type { Serde } from './serde.ts'
import { SerdeFault } from './serde-fault.ts'
import { preview } from './string.ts'

const LENGTH = 36
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The 36 characters of a UUID, in lower case as Kafka's UUID serde writes them. Jobs see a string. */
export const uuidSerde: Serde = {
  serialize(value) {
    const text = typeof value === 'string' ? value.toLowerCase() : ''
    if (UUID.test(text)) return Buffer.from(text, 'latin1')
    const what = typeof value === 'string' ? JSON.stringify(value.slice(0, LENGTH)) : typeof value
    throw new SerdeFault('InvalidUuid', `cannot be written as UUID: ${what} is not a UUID`)
  },

  deserialize(bytes) {
    const text = bytes.length === LENGTH ? bytes.toString('latin1').toLowerCase() : ''
    if (UUID.test(text)) return text
    throw new SerdeFault(
      'InvalidUuid',
      `not a UUID: expected ${LENGTH} characters of hex and dashes, got ${preview(bytes)}`,
    )
  },
}
