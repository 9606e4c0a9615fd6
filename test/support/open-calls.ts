/** A function that answers when the test says so, and who has called it. */
export class OpenCalls<T> {
  readonly #open: OpenCall<T>[] = []
  /** All that were made, also those that are answered. */
  readonly made: T[] = []

  /** To be given to an async step. */
  readonly call = (subject: T, signal: AbortSignal): Promise<T> => {
    this.made.push(subject)
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#open.push({ subject, signal, answer: resolve, reject })
    return promise
  }

  get open(): readonly OpenCall<T>[] {
    return this.#open
  }

  /** Takes one of the open calls; the caller answers it. */
  take(pick: number): OpenCall<T> {
    const [call] = this.#open.splice(pick % this.#open.length, 1)
    if (call === undefined) throw new Error('nobody has called')
    return call
  }

  /** Answers all that are open. */
  answerAll(): void {
    for (const { subject, answer } of this.#open.splice(0)) answer(subject)
  }
}

export interface OpenCall<T> {
  readonly subject: T
  readonly signal: AbortSignal
  readonly answer: (answer: T) => void
  readonly reject: (error: Error) => void
}
