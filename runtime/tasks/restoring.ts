import type { PartitionOffset } from '../broker/broker.ts'
import { Beside } from './beside.ts'
import type { Task } from './task.ts'

/** Its stores are as they were left; `positions`: where it begins to read. */
export interface Restored {
  readonly task: Task
  readonly positions: readonly PartitionOffset[]
}

/** False if it was interrupted, with some tasks restored. */
export type Restore = (
  tasks: readonly Task[],
  how: {
    readonly isInterrupted: () => boolean
    readonly onRestored: (restored: Restored) => void
  },
) => Promise<boolean>

/** Restores tasks beside the rounds of a worker, which starts each between two of them. */
export class Restoring {
  readonly #restore: Restore
  readonly #wake: () => void
  readonly #work = new Beside<boolean>()
  #restored: Restored[] = []
  #isToEnd = false

  /** `wake`: there is something to take. */
  constructor(restore: Restore, wake: () => void) {
    this.#restore = restore
    this.#wake = wake
  }

  begin(tasks: readonly Task[]): void {
    this.#isToEnd = false
    const isInterrupted = () => this.#isToEnd || tasks.some(({ state }) => state === 'Closed')
    const onRestored = (restored: Restored) => {
      this.#restored.push(restored)
      this.#wake()
    }
    this.#work.begin(this.#restore(tasks, { isInterrupted, onRestored }), this.#wake)
  }

  /** Those that are ready to be started, once each. */
  take(): readonly Restored[] {
    return this.#restored.splice(0).filter(({ task }) => task.state === 'Created')
  }

  /** True once, when all have been restored. Throws what it failed with. */
  async isOver(): Promise<boolean> {
    return this.#work.isDone && (await this.#work.take())
  }

  /** What is restored by then stays in the stores. Throws what it failed with. */
  async end(): Promise<void> {
    this.#isToEnd = true
    if (this.#work.isBegun) await this.#work.take()
    this.#restored = []
  }
}
