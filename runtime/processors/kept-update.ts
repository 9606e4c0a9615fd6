import { jsonSerde } from '../serde/json.ts'
import type { Serde } from '../serde/serde.ts'
import type { Buffered } from '../state/store.ts'
import { FlowRecord } from './flow-record.ts'
import { type RecordContext, StoredOrigin } from './record-origin.ts'

/** An update that waits for its time to go on. */
export type KeptUpdate = Omit<Buffered, 'time'>

/** Headers are views of a fetched batch, which must not stay in memory for their sake. */
export function keptContext({ context }: FlowRecord): RecordContext {
  const headers = context.headers.map(({ key, value }) => ({
    key,
    value: value === null ? null : Buffer.from(value),
  }))
  return { ...context, headers }
}

/** The update as it goes on: in its own context. */
export function recordOf(
  { key, window, value, priorValue, context }: KeptUpdate,
  keySerde: Serde,
): FlowRecord {
  const origin = new StoredOrigin(context, key, { keySerde, serde: jsonSerde })
  return new FlowRecord(origin, 0).withWindow(window).withChange(value, priorValue)
}
