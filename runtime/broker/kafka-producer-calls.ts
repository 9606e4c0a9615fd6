import { describeConfigsV2, initProducerIdV1 } from '@platformatic/kafka'
import type { TopicPartition } from './broker.ts'
import { BrokerError, RecordTooLarge } from './errors.ts'
import { call } from './kafka-call.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'
import type { ProducerIdentity } from './kafka-partition-queue.ts'
import type { ProduceAck } from './kafka-produce-request.ts'
import { partitionKey } from './partition-key.ts'
import type { KafkaSocket } from './kafka-socket.ts'

/** Means nothing without transactions, and must still be a sane number. */
const TRANSACTION_TIMEOUT_MS = 60_000
const RESOURCE = { topic: 2, broker: 4 } as const
/** The default of `socket.request.max.bytes`. */
const MAX_REQUEST_BYTES = 104_857_600
/** Of a request, what is not the batch: names and the like. */
const REQUEST_OVERHEAD = 1024

export async function initProducerId(metadata: KafkaMetadata): Promise<ProducerIdentity> {
  const { producerId, producerEpoch } = await call(
    await metadata.anyBroker(),
    { api: initProducerIdV1.api, what: 'get a producer id' },
    null,
    TRANSACTION_TIMEOUT_MS,
  )
  return { producerId, epoch: producerEpoch }
}

/** The error of sending to a partition that is not there. */
export const missing = (what: string, sinceMs: number): BrokerError =>
  new BrokerError(
    'UNKNOWN_TOPIC_OR_PARTITION',
    `${what}: it does not exist since ${sinceMs / 1000} s: create the topic again, or restart the job if it now has fewer partitions`,
  )

/** The error of one record that a topic does not take, with the limit as the broker tells it. */
export async function tooLarge(
  connection: KafkaSocket,
  topic: string,
  bytes: number,
): Promise<RecordTooLarge> {
  // One that is above the record was raised meanwhile: the next attempt succeeds.
  const limit = await numberSet(connection, { kind: 'topic', of: topic, key: 'max.message.bytes' })
  return new RecordTooLarge({ topic, bytes, limit })
}

/** The largest batch of which a broker reads the request to its end; it hangs up on a larger one without a word. */
export async function largestBatch(connection: KafkaSocket, broker: number): Promise<number> {
  const key = 'socket.request.max.bytes'
  const limit = await numberSet(connection, { kind: 'broker', of: String(broker), key })
  return (limit ?? MAX_REQUEST_BYTES) - REQUEST_OVERHEAD
}

interface Setting {
  readonly kind: keyof typeof RESOURCE
  readonly of: string
  readonly key: string
}

/** A number of the config as it is now; undefined if we may not know. */
async function numberSet(
  connection: KafkaSocket,
  { kind, of, key }: Setting,
): Promise<number | undefined> {
  const { results } = await call(
    connection,
    { api: describeConfigsV2.api, what: `read the config of ${kind} ${of}` },
    [{ resourceType: RESOURCE[kind], resourceName: of, configurationKeys: [key] }],
    false,
  ).catch(() => ({ results: [] }))
  const text = results[0]?.configs.find(({ name }) => name === key)?.value
  return text ? Number(text) : undefined
}

const NETWORK_EXCEPTION = 13

/** What was answered about a partition; a broker may leave one out. */
export function answersIn(acks: readonly ProduceAck[]): (to: TopicPartition) => ProduceAck {
  const answers = new Map(acks.map((ack) => [partitionKey(ack), ack]))
  return (to) =>
    answers.get(partitionKey(to)) ?? { ...to, errorCode: NETWORK_EXCEPTION, baseOffset: -1 }
}
