import type { Broker, FetchedPartition, Fetcher } from '../broker/broker.ts'
import { partitionKey } from '../broker/partition-key.ts'
import { applyRead, beginReading, type Reading } from './changelog-reading.ts'
import type { Snapshots } from './snapshots.ts'
import type { Task } from './task.ts'

const RESTORE_BYTES = 4 * 1024 * 1024
const POLL_MS = 500

export interface RestoreOptions {
  readonly broker: Pick<Broker, 'admin' | 'fetcher'>
  /** Unset: all is read from the changelogs. */
  readonly snapshots?: Snapshots | undefined
  /** True ends it early. */
  readonly isInterrupted: () => boolean
  /** Entries came from snapshots. */
  readonly onLoaded?: (entries: number) => void
  /** Entries of changelogs were read. */
  readonly onRead?: (entries: number) => void
  /** The stores of the task are as they were left. */
  readonly onRestored?: (task: Task) => void
}

/**
 * Fills the stores of tasks, all at once: from where they are, if a standby had them, else from their snapshots, and from there
 * on from their changelogs, up to the end as it is now: nobody else writes there any more. A transaction of the last owner that
 * is open is waited for, as what lies behind it cannot be read before. Goes by the position, not by the last record, which
 * compaction may have removed. Returns false if it was interrupted, with some tasks restored; the others go on there next time.
 */
export async function restoreTasks(
  tasks: readonly Task[],
  options: RestoreOptions,
): Promise<boolean> {
  const fetcher = options.broker.fetcher({ maxBytes: RESTORE_BYTES })
  try {
    return await new Restoration(tasks, fetcher, options).run()
  } finally {
    await fetcher.close()
  }
}

class Restoration {
  readonly #options: RestoreOptions
  readonly #fetcher: Fetcher
  readonly #waiting: Set<Task>
  #readings: ReadonlyMap<string, Reading<Task>> = new Map()

  constructor(tasks: readonly Task[], fetcher: Fetcher, options: RestoreOptions) {
    this.#options = options
    this.#fetcher = fetcher
    this.#waiting = new Set(tasks)
  }

  async run(): Promise<boolean> {
    const { isInterrupted } = this.#options
    if (!(await this.#begin())) return false
    while (!this.#finishTasks()) {
      const fetched = await this.#fetcher.poll(POLL_MS)
      if (isInterrupted()) return false
      for (const part of fetched) this.#take(part)
    }
    return true
  }

  async #begin(): Promise<boolean> {
    const { admin } = this.#options.broker
    const readings = await beginReading([...this.#waiting], { ...this.#options, admin })
    if (readings === undefined) return false
    this.#readings = new Map(readings.map((one) => [partitionKey(one.changelog), one]))
    for (const { from } of readings) this.#fetcher.assign(from)
    return true
  }

  /** True once there is no task left. */
  #finishTasks(): boolean {
    for (const task of this.#waiting) {
      const own = [...this.#readings.values()].filter(({ of }) => of === task)
      task.restoreRemaining = own.reduce((sum, reading) => sum + this.#remaining(reading), 0)
      if (task.restoreRemaining > 0) continue
      for (const { changelog } of own) this.#fetcher.unassign(changelog)
      this.#waiting.delete(task)
      this.#options.onRestored?.(task)
    }
    return this.#waiting.size === 0
  }

  #remaining({ changelog, end }: Reading<Task>): number {
    changelog.position = this.#fetcher.position(changelog) ?? changelog.position
    return Math.max(0, end - (changelog.position ?? end))
  }

  #take(fetched: FetchedPartition): void {
    const reading = this.#readings.get(partitionKey(fetched))
    if (reading === undefined) return
    const entries = applyRead(reading, fetched)
    this.#options.onRead?.(entries)
  }
}
