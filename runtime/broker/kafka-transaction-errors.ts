import { BrokerError, ProducerFenced, TransactionFailed } from './errors.ts'
import { isTransient } from './kafka-errors.ts'

/** Somebody else goes on under the transactional id, or the coordinator did after the transaction's time-out. */
const FENCED: ReadonlySet<string> = new Set(['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH'])

/** The next transaction of a producer that begins anew can succeed. */
const ABORTABLE: ReadonlySet<string> = new Set([
  'INVALID_TXN_STATE',
  'INVALID_PRODUCER_ID_MAPPING',
  'UNKNOWN_PRODUCER_ID',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'TRANSACTION_ABORTABLE',
  'TRANSACTION_COORDINATOR_FENCED',
  // Offsets of a topic that is gone, or that a coordinator which has just started does not know yet.
  'UNKNOWN_TOPIC_OR_PARTITION',
])

/** What a failed request means for the transaction that it was of; the error itself where it means nothing to it. */
export function transactionError(error: Error): Error {
  // Errors of a class of their own say already what they mean.
  if (!(error instanceof BrokerError) || error.constructor !== BrokerError) return error
  const { code, message } = error
  if (FENCED.has(code)) return new ProducerFenced(code, message, { cause: error })
  if (!ABORTABLE.has(code) && !isTransient(code)) return error
  return new TransactionFailed('TRANSACTION_FAILED', message, { cause: error })
}

/** The request may have been carried out, or may be carried out still. */
const INDEFINITE: ReadonlySet<string> = new Set([
  'UNREACHABLE',
  'REQUEST_TIMED_OUT',
  'NETWORK_EXCEPTION',
  'COORDINATOR_NOT_AVAILABLE',
])

export const isIndefinite = (error: unknown): boolean =>
  error instanceof BrokerError && INDEFINITE.has(error.code)
