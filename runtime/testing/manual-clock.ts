import type { Clock, Timer } from '../platform/clock.ts'

interface Waiting {
  readonly due: number
  readonly run: () => void
}

/** Time that moves only when told to. */
export class ManualClock implements Clock {
  readonly #startMs: number
  #ms = 0
  #waiting: Waiting[] = []

  /** Milliseconds since the epoch. */
  constructor(startMs = 1_700_000_000_000) {
    this.#startMs = startMs
  }

  now(): number {
    return this.#startMs + this.#ms
  }

  monotonic(): number {
    return this.#ms
  }

  after(ms: number, run: () => void): Timer {
    const waiting = { due: this.#ms + ms, run }
    this.#waiting.push(waiting)
    return { cancel: () => void (this.#waiting = this.#waiting.filter((w) => w !== waiting)) }
  }

  get timers(): number {
    return this.#waiting.length
  }

  /** Runs what falls due on the way, in order, and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#ms + ms
    await settle()
    for (;;) {
      const next = this.#waiting.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0]
      if (next === undefined) break
      this.#waiting = this.#waiting.filter((waiting) => waiting !== next)
      this.#ms = next.due
      next.run()
      await settle()
    }
    this.#ms = end
  }
}

/** Long enough for chains of promises that touch memory only. */
const settle = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)))
