import type { Serde } from './serde.ts'
import { SerdeFault } from './serde-fault.ts'

/** An update of a table on its way to another key; null is no value. At least one of the two is there. */
export interface Change {
  readonly newValue: unknown
  readonly oldValue: unknown
}

/** The last byte says which values come before it. */
const ONLY_OLD = 0
const ONLY_NEW = 1
const BOTH = 2
const NOTHING = Buffer.alloc(0)

/** As Kafka Streams writes changes: `old 0`, `new 1`, or `varint(length of new) new old 2`. */
export const changeSerde = (values: Serde): Serde => ({
  serialize(change) {
    const { newValue, oldValue } = change as Change
    const added = newValue === null ? undefined : values.serialize(newValue)
    const removed = oldValue === null ? undefined : values.serialize(oldValue)
    if (added === undefined) return Buffer.concat([removed ?? NOTHING, Buffer.of(ONLY_OLD)])
    if (removed === undefined) return Buffer.concat([added, Buffer.of(ONLY_NEW)])
    return Buffer.concat([varint(added.length), added, removed, Buffer.of(BOTH)])
  },

  deserialize(bytes): Change {
    const body = bytes.subarray(0, -1)
    switch (bytes.at(-1)) {
      case ONLY_OLD:
        return { newValue: null, oldValue: values.deserialize(body) }
      case ONLY_NEW:
        return { newValue: values.deserialize(body), oldValue: null }
      case BOTH: {
        const { length, at } = readVarint(body)
        return {
          newValue: values.deserialize(body.subarray(at, at + length)),
          oldValue: values.deserialize(body.subarray(at + length)),
        }
      }
      default:
        throw new SerdeFault('NotAChange', `no change of a table ends in the byte ${bytes.at(-1)}`)
    }
  },
})

/** Kafka's varints are zigzag: a length takes twice its number. */
function varint(length: number): Buffer {
  const groups: number[] = []
  let rest = length * 2
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) groups.push((rest % 0x80) | 0x80)
  return Buffer.from([...groups, rest])
}

function readVarint(bytes: Buffer): { readonly length: number; readonly at: number } {
  let value = 0
  for (let at = 0; at < 5; at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return { length: value / 2, at: at + 1 }
  }
  throw new SerdeFault('NotAChange', 'the length of a new value is longer than five bytes')
}
