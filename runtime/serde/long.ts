import { integerFrom, requireLength } from './numbers.ts'
import type { Serde } from './serde.ts'
import { SerdeFault } from './serde-fault.ts'

const RANGE = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }
const WORD = 2 ** 32

/**
 * 64 bits with a sign, most significant byte first: Kafka's Long serde. Jobs see a number, which is a double: a value
 * beyond ±(2^53 − 1) is a fault when it is read, never rounded. Every second one would fit still, but a job that works on
 * even ids alone is a trap. One that nobody reads passes through whatever it is.
 */
export const longSerde: Serde = {
  serialize(value) {
    const number = integerFrom(value, 'Long', RANGE)
    const bytes = Buffer.allocUnsafe(8)
    const high = Math.floor(number / WORD)
    bytes.writeInt32BE(high, 0)
    bytes.writeUInt32BE(number - high * WORD, 4)
    return bytes
  },

  deserialize(bytes) {
    requireLength(bytes, 8, 'Long')
    const value = bytes.readInt32BE(0) * WORD + bytes.readUInt32BE(4)
    if (Number.isSafeInteger(value)) return value
    throw new SerdeFault(
      'OutOfRange',
      `the Long ${bytes.readBigInt64BE()} is beyond ±(2^53 − 1), where numbers are no longer exact: leave it unread, or read it as Bytes`,
    )
  },
}
