import { randomUUID } from 'node:crypto'
import kafkajs, { type IHeaders, type KafkaMessage } from 'kafkajs'
import { compress, compressions, decompress } from '../../runtime/broker/compression.ts'
import { eventually } from '../support/eventually.ts'
import type { SampleRecord } from '../support/sample-records.ts'
import type { Codec } from './java-clients.ts'

// It brings gzip alone and asks for the others; what it tests here is the batch around them.
for (const codec of ['snappy', 'lz4', 'zstd'] as const) {
  const codecs: Record<number, () => unknown> = kafkajs.CompressionCodecs
  codecs[compressions.indexOf(codec)] = () => ({
    compress: async ({ buffer }: { buffer: Buffer }) => compress(buffer, codec),
    decompress: async (bytes: Buffer) => decompress(bytes, codec),
  })
}

export interface KafkajsRecord {
  readonly topic: string
  readonly partition: number
  readonly message: KafkaMessage
}

const client = (bootstrapServers: readonly string[]) =>
  new kafkajs.Kafka({ brokers: [...bootstrapServers], logLevel: kafkajs.logLevel.NOTHING })

/** Reads the topics from their beginning until there are `count` records in all; each partition's in order. */
export async function consumeByKafkajs(
  bootstrapServers: readonly string[],
  topics: readonly string[],
  count: number,
): Promise<readonly KafkajsRecord[]> {
  const records: KafkajsRecord[] = []
  const consumer = client(bootstrapServers).consumer({
    groupId: `kafkajs-${randomUUID()}`,
    maxWaitTimeInMs: 100,
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [...topics], fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ topic, partition, message }) => {
      records.push({ topic, partition, message })
    },
  })
  try {
    await eventually(
      () => {
        if (records.length < count) throw new Error(`saw ${records.length} of ${count} records`)
      },
      { timeoutMs: 30_000 },
    )
  } finally {
    await consumer.disconnect()
  }
  return records
}

/** To the partition given, or by key. */
export async function produceByKafkajs(
  bootstrapServers: readonly string[],
  topic: string,
  records: readonly (SampleRecord & { readonly partition?: number })[],
  codec: Codec = 'none',
): Promise<void> {
  const producer = client(bootstrapServers).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  await producer.send({
    topic,
    compression: compressions.indexOf(codec),
    messages: records.map(({ timestamp, headers, ...record }) => ({
      ...record,
      timestamp: `${timestamp}`,
      headers: asKafkajsHeaders(headers),
    })),
  })
  await producer.disconnect()
}

/** kafkajs keeps headers as an object; one that comes twice has a list of values. */
export function asKafkajsHeaders(headers: SampleRecord['headers']): IHeaders {
  const byName = Map.groupBy(headers, ([name]) => name)
  return Object.fromEntries(
    [...byName].map(([name, same]) => {
      const values = same.map(([, value]) => value)
      return [name, values.length === 1 ? values[0] : values]
    }),
  ) as IHeaders
}
