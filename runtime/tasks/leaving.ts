import { partitionFor } from '../broker/partitioner.ts'
import type { FlowRecord } from '../processors/flow-record.ts'
import type { SinkTarget } from '../processors/processor-of.ts'
import { serdeOf } from '../serde/carried.ts'
import { serdes } from '../serde/serde.ts'
import type { SubscriptionResponse } from '../serde/subscription.ts'
import { windowedKey } from '../serde/window-key.ts'
import { repartitionTopic } from '../topology/internal-topics.ts'
import type { RepartitionExit } from '../topology/sub-topologies.ts'
import type { OutputRecord } from './output-collector.ts'

/** A record on its way to an output topic. Throws `SerdeFault` if it cannot be written there. */
export const leavingFor = (
  { topic, format, keyFormat, windows }: SinkTarget,
  record: FlowRecord,
  partitionsOf: PartitionsOf,
): OutputRecord => ({
  topic,
  key: record.keyBytes(serdes[keyFormat]),
  value: record.valueBytes(serdes[format]),
  ...around(record),
  ...withWindow(record, { topic, keyFormat, windows }, partitionsOf),
})

/**
 * A record on its way through a repartition topic, to the partition of its key or, an answer, to that of who asked. None for
 * a record without key, unless it is wanted, too: there is nothing to group by, and Kafka Streams drops it here as well.
 */
export function leavingThrough(
  exit: RepartitionExit,
  record: FlowRecord,
  {
    applicationId,
    partitionsOf,
  }: { readonly applicationId: string; readonly partitionsOf: PartitionsOf },
): OutputRecord | undefined {
  const { format, keyFormat, carries, keepsNullKeys, windows } = exit
  const topic = repartitionTopic(applicationId, exit)
  const key = record.keyBytes(serdes[keyFormat])
  if (key === null && !keepsNullKeys) return undefined
  return {
    topic,
    ...(carries === 'responses' ? towards(record.value as SubscriptionResponse) : {}),
    key,
    value: record.valueBytes(serdeOf(format, carries)),
    ...around(record),
    ...withWindow(record, { topic, keyFormat, windows }, partitionsOf),
  }
}

/** All windows of a key lie in the partition of the key alone, where Kafka Streams has them, too. */
function withWindow(
  record: FlowRecord,
  { topic, keyFormat, windows }: Pick<SinkTarget, 'topic' | 'keyFormat' | 'windows'>,
  partitionsOf: PartitionsOf,
): Pick<OutputRecord, 'key' | 'partition'> | undefined {
  const { window } = record
  if (windows === undefined || window === null) return undefined
  const key = record.keyBytes(serdes[keyFormat])
  if (key === null) return undefined
  return {
    key: windowedKey(key, window, windows),
    partition: partitionFor(key, partitionsOf(topic)),
  }
}

type PartitionsOf = (topic: string) => number

const towards = ({ partition }: SubscriptionResponse): Pick<OutputRecord, 'partition'> =>
  partition === undefined ? {} : { partition }

const NO_HEADERS: OutputRecord['headers'] = []

const around = ({
  timestamp,
  headers,
}: FlowRecord): Pick<OutputRecord, 'timestamp' | 'headers'> => ({
  timestamp,
  headers: headers.length === 0 ? NO_HEADERS : headers.map(({ key, value }) => [key, value]),
})
