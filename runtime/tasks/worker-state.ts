import { join } from 'node:path'
import { tmpdir } from 'node:os'
import type { Producer } from '../broker/broker.ts'
import type { WorkReport } from '../config.ts'
import { StateMemory } from '../state/state-memory.ts'
import { restoreTasks, type RestoreOptions } from './restore.ts'
import { Snapshots } from './snapshots.ts'
import type { Task } from './task.ts'
import type { WorkerOptions } from './worker-options.ts'

type StateReport = Pick<WorkReport, 'snapshots' | 'restored' | 'stateBytes'>

/** What a worker does for the state of its tasks: shares memory among them, keeps snapshots, and fills what is new. */
export class WorkerState {
  readonly #options: WorkerOptions
  readonly #snapshots: Snapshots | undefined
  /** Unset: nothing bounds it. */
  readonly memory: StateMemory | undefined
  #fromChangelogs = 0

  constructor(options: WorkerOptions, producer: Pick<Producer, 'writtenUpTo'>) {
    const { stateDir: directory, stateMemoryBytes, threads } = options.config
    const { snapshotIntervalMs: intervalMs } = options.config
    this.#options = options
    this.#snapshots =
      directory === undefined
        ? undefined
        : new Snapshots({ ...options, directory, producer, intervalMs })
    if (stateMemoryBytes === undefined) return
    this.memory = new StateMemory({
      budgetBytes: stateMemoryBytes / threads,
      directory: join(directory ?? tmpdir(), 'spilled'),
      log: options.log,
    })
  }

  report(tasks: readonly Task[]): StateReport {
    return {
      snapshots: this.#snapshots?.report ?? { written: 0, failed: 0 },
      restored: { snapshot: this.#fromSnapshots, changelog: this.#fromChangelogs },
      stateBytes: bytesByStore(tasks),
    }
  }

  /** As `restoreTasks`. */
  async restore(
    tasks: readonly Task[],
    how: Pick<RestoreOptions, 'isInterrupted' | 'onRestored'>,
  ): Promise<boolean> {
    const { broker, clock, log } = this.#options
    const begun = clock.monotonic()
    const before = [this.#fromSnapshots, this.#fromChangelogs] as const
    const areRestored = await restoreTasks(tasks, {
      ...how,
      broker,
      snapshots: this.#snapshots,
      onRead: (entries) => (this.#fromChangelogs += entries),
    })
    const fromSnapshots = this.#fromSnapshots - before[0]
    const fromChangelogs = this.#fromChangelogs - before[1]
    const seconds = (clock.monotonic() - begun) / 1000
    if (fromSnapshots + fromChangelogs > 0)
      log.info('restored entries of state', { fromSnapshots, fromChangelogs, seconds })
    return areRestored
  }

  /** As `Snapshots`. */
  afterCommit(tasks: readonly Task[]): void {
    this.#snapshots?.afterCommit(tasks)
  }

  async close(): Promise<void> {
    await this.#snapshots?.close()
  }

  get #fromSnapshots(): number {
    return this.#snapshots?.loadedEntries ?? 0
  }
}

function bytesByStore(tasks: readonly Task[]): StateReport['stateBytes'] {
  const stores = Map.groupBy(
    tasks.flatMap((task) => task.stores),
    ({ name }) => name,
  )
  const total = (name: string, where: 'memory' | 'disk') =>
    (stores.get(name) ?? []).reduce((sum, { footprint }) => sum + (footprint?.[where] ?? 0), 0)
  return Object.fromEntries(
    [...stores].flatMap(([name, [store]]) =>
      store?.footprint === undefined
        ? []
        : [[name, { memory: total(name, 'memory'), disk: total(name, 'disk') }]],
    ),
  )
}
