import { setTimeout as pause } from 'node:timers/promises'
import type { JobUnderFaults, Position } from '../integration/job-under-faults.ts'

const EVERY_MS = 500

/** Looks, as long as it runs, whether the job gets on: what it has committed of its input must move while there is more. */
export class StuckWatch {
  /** The longest time in which nothing was committed of some partition, though it had more. */
  partitionMs = 0
  /** The same of all partitions together. */
  jobMs = 0
  readonly #traffic: Pick<JobUnderFaults, 'positions'>
  readonly #movedAt = new Map<number, number>()
  #last = new Map<number, Position>()
  #isOver = false
  #running: Promise<void> | undefined

  constructor(traffic: Pick<JobUnderFaults, 'positions'>) {
    this.#traffic = traffic
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Throws what kept it from looking. */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      this.#look(await this.#traffic.positions())
      await pause(EVERY_MS)
    }
  }

  #look(positions: readonly Position[]): void {
    const now = performance.now()
    for (const position of positions) {
      const { partition, committed } = position
      const before = this.#last.get(partition)
      // As of the last look, so that what has just come does not count as waiting.
      const isIdle = before === undefined || before.committed >= before.end
      if (isIdle || committed > before.committed) this.#movedAt.set(partition, now)
      this.#last.set(partition, position)
    }
    const waits = [...this.#movedAt.values()].map((movedAt) => now - movedAt)
    this.partitionMs = Math.max(this.partitionMs, ...waits)
    this.jobMs = Math.max(this.jobMs, Math.min(...waits))
  }
}
