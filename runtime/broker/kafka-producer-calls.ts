import { type Connection, describeConfigsV2, initProducerIdV1 } from '@platformatic/kafka'
import type { TopicPartition } from './broker.ts'
import { BrokerError, RecordTooLarge } from './errors.ts'
import { call } from './kafka-call.ts'
import type { KafkaMetadata } from './kafka-metadata.ts'
import type { ProducerIdentity } from './kafka-partition-queue.ts'
import type { ProduceAck } from './kafka-produce-request.ts'
import { partitionKey } from './partition-key.ts'

/** Means nothing without transactions, and must still be a sane number. */
const TRANSACTION_TIMEOUT_MS = 60_000
const TOPIC_RESOURCE = 2
const LIMIT = 'max.message.bytes'

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
  connection: Connection,
  topic: string,
  bytes: number,
): Promise<RecordTooLarge> {
  const limit = Number(await maxMessageBytes(connection, topic).catch(() => undefined))
  // One that is above the record was raised meanwhile: the next attempt succeeds.
  return new RecordTooLarge(topic, bytes, Number.isFinite(limit) ? limit : undefined)
}

async function maxMessageBytes(connection: Connection, topic: string): Promise<string | undefined> {
  const { results } = await call(
    connection,
    { api: describeConfigsV2.api, what: `read the config of topic ${topic}` },
    [{ resourceType: TOPIC_RESOURCE, resourceName: topic, configurationKeys: [LIMIT] }],
    false,
  )
  return results[0]?.configs.find(({ name }) => name === LIMIT)?.value ?? undefined
}

const NETWORK_EXCEPTION = 13

/** What was answered about a partition; a broker may leave one out. */
export function answersIn(acks: readonly ProduceAck[]): (to: TopicPartition) => ProduceAck {
  const answers = new Map(acks.map((ack) => [partitionKey(ack), ack]))
  return (to) =>
    answers.get(partitionKey(to)) ?? { ...to, errorCode: NETWORK_EXCEPTION, baseOffset: -1 }
}
