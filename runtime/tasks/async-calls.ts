import type { Clock, Timer } from '../platform/clock.ts'
import { asBadRecord } from '../processors/as-bad-record.ts'
import type { FlowRecord } from '../processors/flow-record.ts'
import type { Processor } from '../processors/processor.ts'
import type { GoOn } from '../processors/processor-of.ts'
import type { AsyncNode } from '../topology/nodes.ts'

/** A record whose answer is there, and what is left to do for it. */
export interface Answered extends Processor {
  readonly record: FlowRecord
}

/** The record that a call is for, and how far the call is. */
interface Call {
  readonly record: FlowRecord
  /** Calls of equal keys take turns; undefined for a record without key, which waits for none. */
  readonly key: string | undefined
  readonly abort: AbortController
  timer: Timer | undefined
  outcome: Outcome | undefined
}

type Outcome = { readonly answer: unknown } | { readonly error: unknown }

/**
 * The records that an async node has taken in and not handed on, oldest first. Only the oldest `concurrency` of them have
 * calls, so that an answer that waits for an earlier one keeps its place: what is held in memory is bounded, too. More come
 * in only where one record of the task becomes several; the task takes no other record then.
 */
export class AsyncCalls implements Processor {
  readonly #node: AsyncNode
  readonly #goOn: GoOn
  readonly #clock: Clock
  readonly #onAnswer: () => void
  readonly #calls: Call[] = []
  readonly #busyKeys = new Set<string>()
  #isCancelled = false

  /** `onAnswer`: an answer has come, whether or not it is its turn. */
  constructor(
    node: AsyncNode,
    goOn: GoOn,
    { clock, onAnswer }: { readonly clock: Clock; readonly onAnswer: () => void },
  ) {
    this.#node = node
    this.#goOn = goOn
    this.#clock = clock
    this.#onAnswer = onAnswer
  }

  get node(): string {
    return this.#node.name
  }

  get count(): number {
    return this.#calls.length
  }

  get isFull(): boolean {
    return this.#calls.length >= this.#node.concurrency
  }

  /** True when `takeAnswered` has something to give. */
  get isRipe(): boolean {
    return this.#calls[0]?.outcome !== undefined
  }

  process(record: FlowRecord): void {
    const key = record.keyBytes()?.toString('latin1')
    const abort = new AbortController()
    this.#calls.push({ record, key, abort, timer: undefined, outcome: undefined })
    this.#startDue()
  }

  /** The oldest record, once it has its answer. */
  takeAnswered(): Answered | undefined {
    const [oldest] = this.#calls
    if (oldest?.outcome === undefined) return undefined
    const { record, outcome } = oldest
    this.#calls.shift()
    this.#startDue()
    return { record, process: () => this.#handOn(record, outcome) }
  }

  /** The lowest offset of the topic that is not handed on; Infinity if there is none. */
  firstOffset(topic: string): number {
    const offsets = this.#calls.flatMap(({ record }) =>
      record.topic === topic ? record.offset : [],
    )
    return Math.min(Infinity, ...offsets)
  }

  /** Nobody waits any more. The records stay, so that no commit passes them. */
  cancel(): void {
    this.#isCancelled = true
    for (const { abort, timer } of this.#calls) {
      timer?.cancel()
      abort.abort()
    }
  }

  #startDue(): void {
    if (this.#isCancelled) return
    const window = Math.min(this.#calls.length, this.#node.concurrency)
    for (let at = 0; at < window; at++) {
      const call = this.#calls[at]
      if (call !== undefined && call.timer === undefined && this.#isFree(call)) this.#start(call)
    }
  }

  #isFree({ key }: Call): boolean {
    return key === undefined || !this.#busyKeys.has(key)
  }

  #start(call: Call): void {
    const { mapper, timeoutMs } = this.#node
    const { record, key, abort } = call
    if (key !== undefined) this.#busyKeys.add(key)
    call.timer = this.#clock.after(timeoutMs, () => {
      const message = `no answer within ${timeoutMs} ms: raise timeoutMs, or find out what the function waits for`
      const error = new DOMException(message, 'TimeoutError')
      abort.abort(error)
      this.#settle(call, { error })
    })
    // Called within a promise, so that what it throws at once is a rejection like any other.
    void (async () => mapper(record, abort.signal))().then(
      (answer) => this.#settle(call, { answer }),
      (error: unknown) => this.#settle(call, { error }),
    )
  }

  /** The first outcome counts: a function may answer after its time, too. */
  #settle(call: Call, outcome: Outcome): void {
    if (this.#isCancelled || call.outcome !== undefined) return
    call.outcome = outcome
    call.timer?.cancel()
    if (call.key !== undefined) this.#busyKeys.delete(call.key)
    this.#startDue()
    this.#onAnswer()
  }

  #handOn(record: FlowRecord, outcome: Outcome): void {
    if ('error' in outcome) throw asBadRecord(outcome.error, this.node)
    try {
      this.#goOn(record, outcome.answer)
    } catch (error) {
      throw asBadRecord(error, this.node)
    }
  }
}
