import type { RecordFormat } from '../config.ts'
import { jsonSerde } from './json.ts'
import { stringSerde } from './string.ts'

/** Values as bytes and back. Null is never passed: a null value is a tombstone whatever the format. */
export interface Serde {
  /** Throws `SerdeFault`. */
  serialize(value: unknown): Buffer
  /** Throws `SerdeFault`. */
  deserialize(bytes: Buffer): unknown
}

export const serdes: Readonly<Record<RecordFormat, Serde>> = {
  Json: jsonSerde,
  String: stringSerde,
}
