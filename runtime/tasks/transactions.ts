import type { Producer, TransactionalProducer } from '../broker/broker.ts'
import { commitIntervalMs } from '../config.ts'
import { type Clock, sleep } from '../platform/clock.ts'
import type { WorkerOptions } from './worker-options.ts'

/** What a transaction may take beyond the commit interval, as in Kafka Streams: a pause of a broker, or of this process. */
const TIMEOUT_MARGIN_MS = 10_000
const LEAVE_MS = 3000

/** The producer of one thread. Under ExactlyOnce it is a transactional one. */
export function openProducer({ broker, config, instanceId, thread }: WorkerOptions): {
  readonly producer: Producer
  readonly transaction: TransactionalProducer | undefined
} {
  if (config.guarantee === 'AtLeastOnce')
    return { producer: broker.producer(), transaction: undefined }
  const transaction = broker.transactionalProducer({
    transactionalId: `${config.applicationId}-${instanceId}-${thread}`,
    transactionTimeoutMs: commitIntervalMs(config) + TIMEOUT_MARGIN_MS,
  })
  return { producer: transaction, transaction }
}

/** Lets others read on at once; without it they wait for the time-out of what is open. */
export async function abortOnLeaving(transaction: TransactionalProducer, clock: Clock) {
  const done = new AbortController()
  const aborted = transaction
    .abort()
    .catch(() => undefined)
    .finally(() => done.abort())
  await Promise.race([aborted, sleep(clock, LEAVE_MS, done.signal)])
}
