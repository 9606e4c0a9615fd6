import { jsonSerde } from '../serde/json.ts'
import { murmur3 } from '../serde/murmur3.ts'

/** By which a row of the left table of a foreign-key join is known again; null for one that is not there. */
export const rowHash = (value: unknown): Buffer | null =>
  value === null || value === undefined ? null : murmur3(jsonSerde.serialize(value))
