import type { Broker, FetchedPartition, Fetcher, PartitionOffset } from '../broker/broker.ts'
import { partitionKey } from '../broker/partition-key.ts'
import { keyAt, valueAt } from '../broker/record-batch.ts'
import type { Changelog } from './changelog.ts'
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
  /** Entries of changelogs were read. */
  readonly onRead?: (entries: number) => void
  /** The stores of the task are as they were left. */
  readonly onRestored?: (task: Task) => Promise<void>
}

/**
 * Fills the stores of tasks, all at once: from their snapshots, and from there on from their changelogs, up to the end as it
 * is now: nobody else writes there any more. A transaction of the last owner that is open is waited for, as what lies behind
 * it cannot be read before. Goes by the position, not by the last record, which compaction may have removed. Returns false
 * if it was interrupted, with some tasks restored.
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

/** A changelog that is read up to `end`. */
interface Reading extends Changelog {
  readonly task: Task
  readonly end: number
}

class Restoration {
  readonly #options: RestoreOptions
  readonly #fetcher: Fetcher
  readonly #waiting: Set<Task>
  readonly #readings = new Map<string, Reading>()

  constructor(tasks: readonly Task[], fetcher: Fetcher, options: RestoreOptions) {
    this.#options = options
    this.#fetcher = fetcher
    this.#waiting = new Set(tasks)
  }

  async run(): Promise<boolean> {
    const { isInterrupted } = this.#options
    if (!(await this.#begin())) return false
    while (!(await this.#finishTasks())) {
      if (isInterrupted()) return false
      for (const fetched of await this.#fetcher.poll(POLL_MS)) this.#take(fetched)
    }
    return true
  }

  async #begin(): Promise<boolean> {
    const { broker, snapshots, isInterrupted } = this.#options
    const changelogs = [...this.#waiting].flatMap((task) =>
      task.changelogs.map((changelog) => ({ ...changelog, task })),
    )
    if (changelogs.length === 0) return true
    const places = changelogs.map(({ topic, partition }) => ({ topic, partition }))
    const starts = byPartition(await broker.admin.listOffsets(places, 'earliest'))
    const ends = byPartition(await broker.admin.listOffsets(places, 'highWatermark'))
    for (const changelog of changelogs) {
      const start = starts.get(partitionKey(changelog))
      const end = ends.get(partitionKey(changelog))
      if (start === undefined || end === undefined) continue
      changelog.store.clear()
      const range = { ...start, start: start.offset, end: end.offset }
      const from = (await snapshots?.load(changelog, range, isInterrupted)) ?? start.offset
      if (isInterrupted()) return false
      this.#readings.set(partitionKey(changelog), { ...changelog, end: end.offset })
      this.#fetcher.assign({ ...start, offset: from })
    }
    return true
  }

  /** True once there is no task left. */
  async #finishTasks(): Promise<boolean> {
    for (const task of this.#waiting) {
      const own = [...this.#readings.values()].filter((reading) => reading.task === task)
      task.restoreRemaining = own.reduce((sum, reading) => sum + this.#remaining(reading), 0)
      if (task.restoreRemaining > 0) continue
      for (const reading of own) this.#fetcher.unassign(reading)
      this.#waiting.delete(task)
      await this.#options.onRestored?.(task)
    }
    return this.#waiting.size === 0
  }

  #remaining(reading: Reading): number {
    return Math.max(0, reading.end - (this.#fetcher.position(reading) ?? reading.end))
  }

  #take(fetched: FetchedPartition): void {
    const reading = this.#readings.get(partitionKey(fetched))
    if (reading === undefined) return
    for (const batch of fetched.batches) {
      const columns = batch.columns()
      this.#options.onRead?.(columns.count)
      for (let index = 0; index < columns.count; index++) {
        const key = keyAt(columns, index)
        const timestamp = batch.timestamp(columns, index)
        reading.task.restoreTime(timestamp)
        if (key !== null) reading.store.restore({ key, value: valueAt(columns, index), timestamp })
      }
    }
  }
}

const byPartition = (offsets: readonly PartitionOffset[]) =>
  new Map(offsets.map((offset) => [partitionKey(offset), offset]))
