import type { UnmatchedPlace } from '../state/store.ts'
import { jsonSerde } from '../serde/json.ts'
import { FlowRecord } from './flow-record.ts'
import { StoredOrigin } from './record-origin.ts'

/** What must be known of a record that waits in a store under its key and time, as JSON. */
export interface Waiting {
  readonly value: unknown
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Values in base64. */
  readonly headers: readonly (readonly [key: string, value: string | null])[]
}

export const waitingOf = ({ value, topic, partition, offset, headers }: FlowRecord): Waiting => ({
  value,
  topic,
  partition,
  offset,
  headers: headers.map((header) => [header.key, header.value?.toString('base64') ?? null]),
})

/** The record as it was. The last one is of the same stream: its keys are read in the same way. */
export function recordOf(
  { value, topic, partition, offset, headers }: Waiting,
  { key, time }: UnmatchedPlace,
  { keySerde }: FlowRecord,
): FlowRecord {
  const context = {
    from: { topic, partition },
    offset,
    timestamp: time,
    headers: headers.map(([name, header]) => ({
      key: name,
      value: header === null ? null : Buffer.from(header, 'base64'),
    })),
  }
  return new FlowRecord(
    new StoredOrigin(context, key, { keySerde, serde: jsonSerde }),
    0,
  ).withValue(value)
}
