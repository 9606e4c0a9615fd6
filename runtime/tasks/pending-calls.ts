import type { Clock } from '../platform/clock.ts'
import type { GoOn } from '../processors/processor-of.ts'
import type { AsyncNode } from '../topology/nodes.ts'
import { type Answered, AsyncCalls } from './async-calls.ts'

/** What the async nodes of one task have under way. */
export class PendingCalls {
  readonly #around: { readonly clock: Clock; readonly onAnswer: () => void }
  readonly #nodes: AsyncCalls[] = []

  constructor(around: { readonly clock: Clock; readonly onAnswer: () => void }) {
    this.#around = around
  }

  open(node: AsyncNode, goOn: GoOn): AsyncCalls {
    const calls = new AsyncCalls(node, goOn, this.#around)
    this.#nodes.push(calls)
    return calls
  }

  get isEmpty(): boolean {
    return this.#nodes.every(({ count }) => count === 0)
  }

  /** True where there is no async node: the task need not ask before each record. */
  get isUnused(): boolean {
    return this.#nodes.length === 0
  }

  /** Whichever node is full: a record could come to it on any way. */
  get isFull(): boolean {
    return this.#nodes.some(({ isFull }) => isFull)
  }

  get isRipe(): boolean {
    return this.#nodes.some(({ isRipe }) => isRipe)
  }

  /** Node → how many records it has taken in and not handed on. */
  get counts(): readonly (readonly [node: string, count: number])[] {
    return this.#nodes.map(({ node, count }) => [node, count])
  }

  takeAnswered(): Answered | undefined {
    for (const calls of this.#nodes) if (calls.isRipe) return calls.takeAnswered()
    return undefined
  }

  firstOffset(topic: string): number {
    return Math.min(Infinity, ...this.#nodes.map((calls) => calls.firstOffset(topic)))
  }

  cancel(): void {
    for (const calls of this.#nodes) calls.cancel()
  }
}
