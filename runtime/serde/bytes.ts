import type { Serde } from './serde.ts'
import { SerdeFault } from './serde-fault.ts'

/** Bytes as jobs see them: a copy of their own, since a record's are a window on its whole batch. Base64 in JSON, as in CEL. */
class Bytes extends Uint8Array {
  toJSON(): string {
    return Buffer.from(this.buffer, this.byteOffset, this.byteLength).toString('base64')
  }
}

/** Any bytes, as they are: Kafka's ByteArray serde. */
export const bytesSerde: Serde = {
  serialize(value) {
    if (value instanceof Uint8Array)
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    throw new SerdeFault(
      'NotBytes',
      `a ${typeof value} cannot be written as Bytes: write text as String, anything else as Json`,
    )
  },
  deserialize: (bytes) => new Bytes(bytes),
}
