import { numberFrom, requireLength } from './numbers.ts'
import type { Serde } from './serde.ts'

/** 64 bits of IEEE 754, most significant byte first: Kafka's Double serde. */
export const doubleSerde: Serde = {
  serialize(value) {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeDoubleBE(numberFrom(value, 'Double'))
    return bytes
  },

  deserialize(bytes) {
    requireLength(bytes, 8, 'Double')
    return bytes.readDoubleBE()
  },
}
