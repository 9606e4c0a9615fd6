import type { Clock, Timer } from '../../runtime/platform/clock.ts'

/**
 * Keys to work on. A key waits at most once, runs at most once at a time, and one that was added while it ran runs again.
 * Bounded by the number of keys there are.
 */
export class WorkQueue {
  readonly #clock: Clock
  readonly #waiting = new Set<string>()
  readonly #running = new Set<string>()
  readonly #again = new Set<string>()
  readonly #delayed = new Map<string, { readonly due: number; readonly timer: Timer }>()
  #takers: ((key: string | undefined) => void)[] = []
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get depth(): number {
    return this.#waiting.size
  }

  add(key: string): void {
    if (this.#closed) return
    this.#cancelDelay(key)
    if (this.#running.has(key)) this.#again.add(key)
    else this.#offer(key)
  }

  /** Adds the key after `ms`, unless it is added before; of two delays the shorter wins. */
  addAfter(key: string, ms: number): void {
    if (this.#closed) return
    const due = this.#clock.monotonic() + ms
    const known = this.#delayed.get(key)
    if (known !== undefined && known.due <= due) return
    this.#cancelDelay(key)
    this.#delayed.set(key, { due, timer: this.#clock.after(ms, () => this.add(key)) })
  }

  /** The next key; undefined once the queue is closed. Call `done` when the work on it has ended. */
  take(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined)
    const [key] = this.#waiting
    if (key === undefined) return new Promise((resolve) => this.#takers.push(resolve))
    this.#waiting.delete(key)
    this.#running.add(key)
    return Promise.resolve(key)
  }

  done(key: string): void {
    this.#running.delete(key)
    if (this.#again.delete(key)) this.#offer(key)
  }

  close(): void {
    this.#closed = true
    for (const { timer } of this.#delayed.values()) timer.cancel()
    this.#delayed.clear()
    for (const taker of this.#takers.splice(0)) taker(undefined)
  }

  #offer(key: string): void {
    const taker = this.#takers.shift()
    if (taker === undefined) {
      this.#waiting.add(key)
      return
    }
    this.#running.add(key)
    taker(key)
  }

  #cancelDelay(key: string): void {
    this.#delayed.get(key)?.timer.cancel()
    this.#delayed.delete(key)
  }
}
