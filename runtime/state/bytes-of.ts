import type { Serde } from '../serde/serde.ts'

/** A value as the changelog has it; null for one that is gone. */
export const bytesOf = (value: unknown, serde: Serde): Buffer | null =>
  value === undefined ? null : serde.serialize(value)
