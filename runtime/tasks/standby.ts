import type { StateStore } from '../state/store.ts'
import { type Changelog, positionSum } from './changelog.ts'
import type { Reading, Restorable } from './changelog-reading.ts'
import type { SnapshotSource } from './snapshots.ts'
import type { TaskState } from './task-state.ts'
import type { TaskStores } from './task-stores.ts'

/** The stores of a task that another member runs, kept as far as its changelogs are. */
export class Standby implements Restorable, SnapshotSource {
  readonly name: string
  /** `Restoring` until it can read on; then `Running`, up to where it is `Closed`. */
  state: TaskState = 'Created'
  /** Where its changelogs are known to end. */
  readonly ends = new Map<Changelog, number>()
  /** When it was last told so, on the monotonic clock. */
  heardAt = -Infinity
  readonly #stores: TaskStores
  #streamTime: number

  constructor(name: string, stores: TaskStores) {
    this.name = name
    this.#stores = stores
    this.#streamTime = stores.streamTime
  }

  get stores(): readonly StateStore[] {
    return this.#stores.stores
  }

  get changelogs(): readonly Changelog[] {
    return this.#stores.changelogs
  }

  get streamTime(): number {
    return this.#streamTime
  }

  restoreTime(timestamp: number): void {
    this.#streamTime = Math.max(this.#streamTime, timestamp)
  }

  /** For the task that goes on with them. */
  get kept(): TaskStores {
    return { ...this.#stores, streamTime: this.#streamTime }
  }

  begin(readings: readonly Reading<Standby>[]): void {
    for (const { changelog, end } of readings) this.ends.set(changelog, end)
    this.state = 'Running'
  }

  /** Changelog records that it has not yet; undefined while it does not know. */
  get lag(): number | undefined {
    if (this.state !== 'Running') return undefined
    const ends = [...this.ends.values()].reduce((sum, end) => sum + end, 0)
    return Math.max(0, ends - positionSum(this.changelogs))
  }
}
