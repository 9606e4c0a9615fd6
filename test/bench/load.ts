import type { Compression } from '../../runtime/broker/compression.ts'
import { partitionFor } from '../../runtime/broker/partitioner.ts'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { BatchSender } from './batch-sender.ts'
import { PaymentMaker } from './payments.ts'
import { type SourceName, sources, type SourceSpec } from './sources.ts'
import { topologies } from './topologies.ts'
import { PARTITIONS } from './topics.ts'
import { connect, type PartitionBytes } from './wire.ts'

export interface LoadSpec extends SourceSpec {
  readonly codec: Compression
}

export interface InputSpec extends LoadSpec {
  readonly topic: string
  readonly source: SourceName
  /** Of the first payment, in milliseconds since the epoch. */
  readonly startsAt: number
}

export interface LoadedInput extends InputSpec {
  /** How many records come out of each topology without state. */
  readonly expected: ReadonlyMap<string, number>
}

/** Uncompressed bytes of a batch of the input. */
export const INPUT_BATCH_BYTES = 64 * 1024
const PREPARED_BATCHES = 32 * PARTITIONS

/** Writes the input of a row, by key like any producer, and works out what must come of it. */
export async function loadInput(bootstrapServer: string, spec: InputSpec): Promise<LoadedInput> {
  const connection = await connect(bootstrapServer)
  const sender = new BatchSender(connection, spec.topic)
  const batches = new PartitionBatches(sender, spec.codec)
  const expected = new Map(topologies.map(({ name }) => [name, 0]))
  let added = 0
  for (const record of sources[spec.source](spec)) {
    batches.add(record.key, record.json, spec.startsAt + record.atMs)
    for (const { name, keeps } of topologies) {
      if (keeps?.(record) === true) expected.set(name, (expected.get(name) ?? 0) + 1)
    }
    if (added++ % 1000 === 0) await sender.room()
  }
  batches.send()
  await sender.flush()
  connection.close()
  return { ...spec, expected }
}

export interface PreparedBatch extends PartitionBytes {
  readonly records: number
}

/** A few batches for each partition, to be sent again and again. */
export function preparedBatches(valueBytes: number): readonly PreparedBatch[] {
  const prepared: PreparedBatch[] = []
  const send = (batch: PreparedBatch) => void prepared.push(batch)
  const batches = new PartitionBatches({ send }, 'none')
  const maker = new PaymentMaker(valueBytes)
  for (let id = 0; prepared.length < PREPARED_BATCHES; id++) {
    const { key, json } = maker.next(id)
    batches.add(key, json, Date.now())
  }
  return prepared
}

class PartitionBatches {
  readonly #sender: { send(batch: PreparedBatch): void }
  readonly #codec: Compression
  readonly #builders = Array.from({ length: PARTITIONS }, () => new RecordBatchBuilder())

  constructor(sender: { send(batch: PreparedBatch): void }, codec: Compression) {
    this.#sender = sender
    this.#codec = codec
  }

  add(key: string, value: string, timestamp: number): void {
    const keyBytes = Buffer.from(key)
    const partition = partitionFor(keyBytes, PARTITIONS)
    const builder = this.#builders[partition]
    builder?.append(timestamp, keyBytes, Buffer.from(value))
    if ((builder?.sizeInBytes ?? 0) >= INPUT_BATCH_BYTES) this.#send(partition)
  }

  send(): void {
    this.#builders.forEach((_, partition) => this.#send(partition))
  }

  #send(partition: number): void {
    const builder = this.#builders[partition]
    if (builder === undefined || builder.count === 0) return
    this.#sender.send({ partition, bytes: builder.build(this.#codec), records: builder.count })
    builder.reset()
  }
}
