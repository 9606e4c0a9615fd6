import type { Serde } from './serde.ts'
import { SerdeFault } from './serde-fault.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8 text, as Kafka's own String serde writes it. Anything but a string is written as its JSON. */
export const stringSerde: Serde = {
  serialize: (value) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value), 'utf8'),
  deserialize: decodeText,
}

export function decodeText(bytes: Buffer): string {
  try {
    return decoder.decode(bytes)
  } catch (error) {
    throw new SerdeFault('InvalidUtf8', `not UTF-8: ${preview(bytes)}`, { cause: error })
  }
}

/** The first bytes as hex: enough to recognise Avro's magic byte or gzip. */
export const preview = (bytes: Buffer): string =>
  `${bytes.subarray(0, 16).toString('hex')}${bytes.length > 16 ? '…' : ''} (${bytes.length} bytes)`
