import type { Outgoing } from '../topology/process-node.ts'
import type { RecordHeader } from '../topology/record.ts'
import type { FlowRecord } from './flow-record.ts'

/** What a user's processor forwards, checked: wrong bytes would be met only when they are written. Throws `TypeError`. */
export function outgoing(
  record: FlowRecord,
  { key, value, timestamp, headers }: Outgoing<unknown>,
): FlowRecord {
  let next = record.withValue(value ?? null)
  if (key !== undefined && key !== record.key) next = next.withKey(key)
  if (timestamp !== undefined) next = next.withTimestamp(eventTime(timestamp))
  return headers === undefined ? next : next.withHeaders(headers.map(checkedHeader))
}

function eventTime(timestamp: number): number {
  if (Number.isSafeInteger(timestamp) && timestamp >= 0) return timestamp
  throw new TypeError(
    `a timestamp is a whole number of milliseconds since the epoch, not ${String(timestamp)}`,
  )
}

function checkedHeader({ key, value }: RecordHeader): RecordHeader {
  const isValue = value === null || (value as unknown) instanceof Uint8Array
  if (typeof key === 'string' && isValue) return { key, value }
  throw new TypeError(
    `a header is { key, value }: text, and a Buffer or null, not ${typeof key} and ${typeof value}`,
  )
}
