import { BadRecord } from '../errors.ts'
import { asBadRecord } from '../processors/as-bad-record.ts'
import type { FlowRecord } from '../processors/flow-record.ts'
import type { RecordFunction } from '../topology/nodes.ts'

const ISO_8601 = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d([.]\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/
const ZONED = /Z$|T.*[+-]\d\d:\d\d$/

/** The time that a source's expression reads from a record. Throws `BadRecord` of that source. */
export function eventTimeOf(
  record: FlowRecord,
  eventTime: RecordFunction<unknown>,
  source: string,
): number {
  try {
    return timeFrom(eventTime(record))
  } catch (error) {
    throw asBadRecord(error, source)
  }
}

/** What is wrong with the time of a record, if anything is; `source` is the node that it came in by. */
export const negativeTime = (timestamp: number, source: string): BadRecord =>
  new BadRecord(
    'InvalidTimestamp',
    source,
    `the record's time is ${timestamp}: before 1970, or its producer has given it none`,
  )

function timeFrom(answer: unknown): number {
  const time = typeof answer === 'string' ? parsed(answer) : answer
  if (typeof time === 'number' && Number.isFinite(time)) return Math.floor(time)
  const found = JSON.stringify(answer) ?? 'nothing'
  const wanted = 'milliseconds since 1970 or ISO-8601 text such as 2026-01-31T12:00:00Z'
  throw new InvalidTimestamp(`eventTime answers ${wanted}, not ${found}`)
}

/** A time without a zone is one in UTC, wherever the job runs. */
function parsed(text: string): number {
  if (!ISO_8601.test(text)) return NaN
  return Date.parse(ZONED.test(text) || !text.includes('T') ? text : `${text}Z`)
}

class InvalidTimestamp extends Error {
  override readonly name = 'InvalidTimestamp'
}
