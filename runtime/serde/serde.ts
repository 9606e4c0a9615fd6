import type { RecordFormat } from '../config.ts'
import { bytesSerde } from './bytes.ts'
import { doubleSerde } from './double.ts'
import { intSerde } from './int.ts'
import { jsonSerde } from './json.ts'
import { longSerde } from './long.ts'
import { stringSerde } from './string.ts'
import { uuidSerde } from './uuid.ts'

/** Keys and values as bytes and back. Null is never passed: it is null whatever the format. */
export interface Serde {
  /** Throws `SerdeFault`. */
  serialize(value: unknown): Buffer
  /** Throws `SerdeFault`. */
  deserialize(bytes: Buffer): unknown
}

export const serdes: Readonly<Record<RecordFormat, Serde>> = {
  Json: jsonSerde,
  String: stringSerde,
  Bytes: bytesSerde,
  Int: intSerde,
  Long: longSerde,
  Double: doubleSerde,
  UUID: uuidSerde,
}
