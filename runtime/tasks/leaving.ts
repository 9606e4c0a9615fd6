import { partitionFor } from '../broker/partitioner.ts'
import type { FlowRecord } from '../processors/flow-record.ts'
import type { SinkTarget } from '../processors/processor-of.ts'
import { serdes } from '../serde/serde.ts'
import { windowedKey } from '../serde/window-key.ts'
import type { OutputRecord } from './output-collector.ts'

/** A record on its way to a topic, which has so many partitions. Throws `SerdeFault` if it cannot be written there. */
export function leavingFor(
  { topic, format, keyFormat, windows }: SinkTarget,
  record: FlowRecord,
  partitionsOf: (topic: string) => number,
): OutputRecord {
  const key = record.keyBytes(serdes[keyFormat])
  const { window, timestamp } = record
  const headers = record.headers.map(({ key: name, value }) => [name, value] as const)
  const rest = { topic, value: record.valueBytes(serdes[format]), timestamp, headers }
  if (windows === undefined || window === null || key === null) return { key, ...rest }
  // All windows of a key lie in one partition, where Kafka Streams has them, too.
  const partition = partitionFor(key, partitionsOf(topic))
  return { key: windowedKey(key, window, windows), partition, ...rest }
}
