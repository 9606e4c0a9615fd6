import { isTransient } from './kafka-errors.ts'

/** What a broker's answer means for a batch. */
export type Verdict = 'written' | 'forgotten' | 'too large' | 'missing' | 'not now' | 'never'

const KNOWN: Readonly<Record<string, Verdict>> = {
  NONE: 'written',
  // The acknowledgement was lost, the batch was not.
  DUPLICATE_SEQUENCE_NUMBER: 'written',
  // The broker no longer knows what this producer wrote.
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'forgotten',
  UNKNOWN_PRODUCER_ID: 'forgotten',
  INVALID_PRODUCER_EPOCH: 'forgotten',
  MESSAGE_TOO_LARGE: 'too large',
  RECORD_LIST_TOO_LARGE: 'too large',
  UNKNOWN_TOPIC_OR_PARTITION: 'missing',
}

export function verdictOn(code: string, isTransactional: boolean): Verdict {
  const verdict = KNOWN[code] ?? (isTransient(code) ? 'not now' : 'never')
  // What the broker has lost of a transaction cannot be sent again: it may hold a part of it.
  return verdict === 'forgotten' && isTransactional ? 'never' : verdict
}
