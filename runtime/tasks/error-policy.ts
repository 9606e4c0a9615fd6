import type { RuntimeConfig } from '../config.ts'
import { BadRecord } from '../errors.ts'

export type OnError = RuntimeConfig['onError']

/** What becomes of a bad record. */
export type Fate = 'fail' | 'skip' | 'dead-letter'

const fates: Readonly<Record<OnError, Fate>> = {
  Fail: 'fail',
  Skip: 'skip',
  DeadLetter: 'dead-letter',
}

/** Where a record was read; one that a punctuator made is of no partition. */
interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** What a punctuator made was read nowhere: there is nothing to skip or to set aside. */
export const fateOf = (onError: OnError, { partition }: Place): Fate =>
  partition < 0 ? 'fail' : fates[onError]

/** What stops the job. */
export const failureOf = (at: Place, error: BadRecord): BadRecord => {
  const message = at.partition < 0 ? punctuationFailureMessage(error) : failureMessage(at, error)
  return new BadRecord(error.reason, error.node, message, { cause: error })
}

/** Where, what, and what to do: this is what `kubectl get` shows when the job stops. */
const failureMessage = (at: Place, { reason, node, message }: BadRecord): string =>
  `${at.topic}-${at.partition}@${at.offset}: ${reason} in "${node}": ${message}\n` +
  'The job stops here because onError is Fail; DeadLetter sets such records aside, Skip drops and counts them.'

/** Of what a punctuator did or forwarded. */
const punctuationFailureMessage = ({ reason, node, message }: BadRecord): string =>
  `in a punctuator: ${reason} in "${node}": ${message}\n` +
  'The job stops here whatever onError says: there is no record to set aside. Let the punctuator catch what it can go on after.'
