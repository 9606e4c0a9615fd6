import { BadRecord } from '../errors.ts'
import { SerdeFault } from '../serde/serde-fault.ts'

/** One that is a bad record already was so further down. */
export function asBadRecord(error: unknown, node: string): BadRecord {
  if (error instanceof BadRecord) return error
  const message = error instanceof Error ? error.message : String(error)
  const reason =
    error instanceof SerdeFault ? error.reason : error instanceof Error ? error.name : 'Thrown'
  return new BadRecord(reason, node, message, { cause: error })
}
