import type { FlowRecord } from '../processors/flow-record.ts'
import type { SinkTarget } from '../processors/processor-of.ts'
import { serdes } from '../serde/serde.ts'
import { repartitionTopic } from '../topology/internal-topics.ts'
import type { RepartitionExit } from '../topology/sub-topologies.ts'
import type { OutputRecord } from './output-collector.ts'

/** A record on its way to an output topic. Throws `SerdeFault` if it cannot be written there. */
export const leavingFor = (
  { topic, format, keyFormat }: SinkTarget,
  record: FlowRecord,
): OutputRecord => ({
  topic,
  key: record.keyBytes(serdes[keyFormat]),
  value: record.valueBytes(serdes[format]),
  ...around(record),
})

/**
 * A record on its way through a repartition topic. None for a record without key: there is nothing to group by, and Kafka
 * Streams drops it here as well.
 */
export function leavingThrough(
  { stem, format, keyFormat }: RepartitionExit,
  record: FlowRecord,
  applicationId: string,
): OutputRecord | undefined {
  const key = record.keyBytes(serdes[keyFormat])
  if (key === null) return undefined
  return {
    topic: repartitionTopic(applicationId, stem),
    key,
    value: record.valueBytes(serdes[format]),
    ...around(record),
  }
}

const around = ({
  timestamp,
  headers,
}: FlowRecord): Pick<OutputRecord, 'timestamp' | 'headers'> => ({
  timestamp,
  headers: headers.map(({ key, value }) => [key, value] as const),
})
