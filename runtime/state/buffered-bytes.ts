import { jsonSerde } from '../serde/json.ts'
import { parseSessionKey, type Span } from '../serde/window-key.ts'
import type { Buffered } from './store.ts'

/** What waits, as the changelog has it beside its key. No promise to anybody else. */
interface Written {
  readonly time: number
  readonly windowed: boolean
  readonly value: unknown
  readonly priorValue: unknown
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  /** Values in base64. */
  readonly headers: readonly (readonly [key: string, value: string | null])[]
}

export function bufferedBytes({ time, window, value, priorValue, context }: Buffered): Buffer {
  const { from, offset, timestamp, headers } = context
  const written: Written = {
    time,
    windowed: window !== null,
    value: value ?? null,
    priorValue: priorValue ?? null,
    ...{ topic: from.topic, partition: from.partition, offset, timestamp },
    headers: headers.map((header) => [header.key, header.value?.toString('base64') ?? null]),
  }
  return jsonSerde.serialize(written)
}

/** `key`: with its window, if it has one. */
export function bufferedFrom(key: Buffer, bytes: Buffer): Buffered {
  const written = jsonSerde.deserialize(bytes) as Written
  const { time, windowed, value, priorValue, topic, partition, offset, timestamp } = written
  const headers = written.headers.map(([name, header]) => ({
    key: name,
    value: header === null ? null : Buffer.from(header, 'base64'),
  }))
  return {
    ...(windowed ? placeIn(key) : { key: Buffer.from(key), window: null }),
    ...{ time, value, priorValue },
    context: { from: { topic, partition }, offset, timestamp, headers },
  }
}

function placeIn(bytes: Buffer): { readonly key: Buffer; readonly window: Span } {
  const { key, start, end } = parseSessionKey(Buffer.from(bytes))
  return { key, window: { start, end } }
}
