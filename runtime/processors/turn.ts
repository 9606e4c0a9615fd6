import type { FlowRecord } from './flow-record.ts'

/**
 * The record that a user's processor has in hand. Outside of its turns it may change nothing: the change would belong to
 * whatever record comes next, and would be undone with that one.
 */
export class Turn {
  readonly #node: string
  #record: FlowRecord | undefined

  constructor(node: string) {
    this.#node = node
  }

  /** Throws what `action` throws, and `TypeError` if it answers with a promise. */
  take(record: FlowRecord, action: () => unknown): void {
    this.#record = record
    try {
      refusePromise(action())
    } finally {
      this.#record = undefined
    }
  }

  /** The record in hand, for what only a turn may do. Throws outside of one. */
  recordFor(what: string): FlowRecord {
    if (this.#record !== undefined) return this.#record
    throw new Error(
      `step "${this.#node}": ${what} works while process or a punctuator runs, not in create and not in what they leave ` +
        'behind, such as a timer or the rest of an async function',
    )
  }
}

function refusePromise(answer: unknown): void {
  if (typeof answer !== 'object' || answer === null || !('then' in answer)) return
  // Nobody is to hear of it any more: a rejection that nobody hears ends the process.
  void Promise.resolve(answer).catch(() => undefined)
  throw new TypeError(
    'the function returned a promise, where a processor is done when it returns: let mapValuesAsync before it wait',
  )
}
