import type { EmbeddedBroker } from '../../runtime/broker/embedded-broker.ts'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { recordsOf } from './seen-records.ts'

/** Writes values without keys to partition 0. */
export function produceTo(broker: EmbeddedBroker, topic: string, values: readonly string[]): void {
  const builder = new RecordBatchBuilder()
  for (const value of values) builder.append(1_700_000_000_000, null, Buffer.from(value))
  broker.append({ topic, partition: 0 }, builder.build())
}

/** Values of all partitions, as text. */
export function valuesOf(broker: EmbeddedBroker, topic: string): (string | null)[] {
  const logs = broker.topics.get(topic)?.logs ?? []
  return logs.flatMap((log, partition) => {
    const batches = log.readCommitted(0, Infinity).batches
    const fetched = { topic, partition, position: 0, highWatermark: 0, batches }
    return recordsOf(fetched).map(({ value }) => value)
  })
}
