import { integerFrom, requireLength } from './numbers.ts'
import type { Serde } from './serde.ts'

const RANGE = { min: -(2 ** 31), max: 2 ** 31 - 1 }

/** 32 bits with a sign, most significant byte first: Kafka's Integer serde. */
export const intSerde: Serde = {
  serialize(value) {
    const bytes = Buffer.allocUnsafe(4)
    bytes.writeInt32BE(integerFrom(value, 'Int', RANGE))
    return bytes
  },

  deserialize(bytes) {
    requireLength(bytes, 4, 'Int')
    return bytes.readInt32BE()
  },
}
