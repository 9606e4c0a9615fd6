import type { Serde } from '../serde/serde.ts'

/** Several values as one: each with its length in front, an int32. None of them is null. */

const LENGTH_BYTES = 4

export const encodeValues = (values: readonly unknown[], serde: Serde): Buffer =>
  Buffer.concat(
    values.flatMap((value) => {
      const bytes = serde.serialize(value)
      const length = Buffer.alloc(LENGTH_BYTES)
      length.writeInt32BE(bytes.length)
      return [length, bytes]
    }),
  )

export function decodeValues(bytes: Buffer, serde: Serde): readonly unknown[] {
  const values: unknown[] = []
  for (let at = 0; at < bytes.length;) {
    const start = at + LENGTH_BYTES
    at = start + bytes.readInt32BE(at)
    values.push(serde.deserialize(bytes.subarray(start, at)))
  }
  return values
}
