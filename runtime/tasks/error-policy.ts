import type { RuntimeConfig } from '../config.ts'
import type { BadRecord } from '../errors.ts'

export type OnError = RuntimeConfig['onError']

/** What becomes of a bad record. */
export type Fate = 'fail' | 'skip' | 'dead-letter'

const fates: Readonly<Record<OnError, Fate>> = {
  Fail: 'fail',
  Skip: 'skip',
  DeadLetter: 'dead-letter',
}

export const fateOf = (onError: OnError): Fate => fates[onError]

/** Where, what, and what to do: this is what `kubectl get` shows when the job stops. */
export const failureMessage = (
  at: { readonly topic: string; readonly partition: number; readonly offset: number },
  { reason, node, message }: BadRecord,
): string =>
  `${at.topic}-${at.partition}@${at.offset}: ${reason} in "${node}": ${message}\n` +
  'The job stops here because onError is Fail; DeadLetter sets such records aside, Skip drops and counts them.'

/** Of what a punctuator did or forwarded. */
export const punctuationFailureMessage = (
  task: string,
  { reason, node, message }: BadRecord,
): string =>
  `task ${task}, in a punctuator: ${reason} in "${node}": ${message}\n` +
  'The job stops here whatever onError says: there is no record to set aside. Let the punctuator catch what it can go on after.'
