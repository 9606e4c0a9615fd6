import {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  endTxnV3,
  initProducerIdV4,
} from '@platformatic/kafka'
import type { TopicPartition, TransactionalIdentity } from './broker.ts'
import { BrokerError } from './errors.ts'
import { call, callForParts } from './kafka-call.ts'
import { errorName } from './kafka-error-name.ts'
import { refused } from './kafka-errors.ts'
import type { ProducerIdentity } from './kafka-partition-queue.ts'
import type { KafkaSocket } from './kafka-socket.ts'

/** Of one who has none yet. */
const NOBODY = { producerId: -1n, epoch: -1 } as const

/**
 * A new epoch of the transactional id; what is open under it is aborted. With the epoch that it had last, and nothing open,
 * a producer is refused if another has taken the id over since.
 */
export async function initTransactions(
  connection: KafkaSocket,
  options: { readonly transactionalId: string; readonly transactionTimeoutMs: number },
  last: ProducerIdentity = NOBODY,
): Promise<TransactionalIdentity> {
  const { transactionalId, transactionTimeoutMs } = options
  const { producerId, producerEpoch: epoch } = await call(
    connection,
    { api: initProducerIdV4.api, what: `take over transactional id ${transactionalId}` },
    transactionalId,
    transactionTimeoutMs,
    last.producerId,
    last.epoch,
  )
  return { transactionalId, producerId, epoch }
}

/** All or none of them become part of the transaction. */
export async function addPartitions(
  connection: KafkaSocket,
  { transactionalId, producerId, epoch }: TransactionalIdentity,
  partitions: readonly TopicPartition[],
): Promise<void> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, list]) => ({
    name,
    partitions: list.map(({ partition }) => partition),
  }))
  const { resultsByTransaction } = await callForParts(
    connection,
    { api: addPartitionsToTxnV3.api, what: `add partitions to transaction ${transactionalId}` },
    [{ transactionalId, producerId, producerEpoch: epoch, verifyOnly: false, topics }],
  )
  for (const { name, resultsByPartition } of resultsByTransaction[0]?.topicResults ?? [])
    for (const { partitionIndex, partitionErrorCode } of resultsByPartition)
      expectAdded(`${name}-${partitionIndex}`, errorName(partitionErrorCode), transactionalId)
}

function expectAdded(partition: string, code: string, transactionalId: string): void {
  // Another one of the request tells why.
  if (code === 'NONE' || code === 'OPERATION_NOT_ATTEMPTED') return
  const what = `add ${partition} to transaction ${transactionalId}`
  // A broker that has just started does not know of every topic yet.
  if (code === 'UNKNOWN_TOPIC_OR_PARTITION')
    throw new BrokerError(
      'LEADER_NOT_AVAILABLE',
      `${what}: its coordinator does not know the topic`,
    )
  throw refused(code, what)
}

export async function addOffsets(
  connection: KafkaSocket,
  { transactionalId, producerId, epoch }: TransactionalIdentity,
  groupId: string,
): Promise<void> {
  const what = `add offsets of group ${groupId} to transaction ${transactionalId}`
  const request = { api: addOffsetsToTxnV3.api, what }
  await call(connection, request, transactionalId, producerId, epoch, groupId)
}

export async function endTransaction(
  connection: KafkaSocket,
  { transactionalId, producerId, epoch }: TransactionalIdentity,
  isCommitted: boolean,
): Promise<void> {
  const what = `${isCommitted ? 'commit' : 'abort'} transaction ${transactionalId}`
  await call(
    connection,
    { api: endTxnV3.api, what },
    transactionalId,
    producerId,
    epoch,
    isCommitted,
  )
}
