import { join } from 'node:path'
import { tmpdir } from 'node:os'
import type { Producer } from '../broker/broker.ts'
import type { WorkReport } from '../config.ts'
import type { StateStore } from '../state/store.ts'
import { StateMemory } from '../state/state-memory.ts'
import { positionSum } from './changelog.ts'
import type { MemberInfo, ShareInfo } from './member-info.ts'
import { everyTask, type OwnedTask } from './owned-tasks.ts'
import type { Counts } from './partition-counts.ts'
import { restoreTasks, type RestoreOptions } from './restore.ts'
import { snapshotPositions } from './snapshot-positions.ts'
import { Snapshots } from './snapshots.ts'
import { Standbys } from './standbys.ts'
import type { Task } from './task.ts'
import { taskName } from './task-id.ts'
import { closeStores, openStores, type TaskStores } from './task-stores.ts'
import { WarmUps } from './warm-ups.ts'
import type { WorkerOptions } from './worker-options.ts'

type StateReport = Pick<WorkReport, 'snapshots' | 'restored' | 'stateBytes' | 'standbys'>

/**
 * What a worker does for state: shares memory among stores, keeps snapshots, follows changelogs of tasks that run elsewhere, and
 * fills the stores of those that come.
 */
export class WorkerState {
  readonly #options: WorkerOptions
  readonly #producer: Pick<Producer, 'writtenUpTo'>
  readonly #snapshots: Snapshots | undefined
  /** What stores share; unset: nothing bounds it. */
  readonly #memory: StateMemory | undefined
  readonly #standbys: Standbys
  readonly #warmUps: WarmUps
  readonly #restored = { snapshot: 0, changelog: 0 }
  /** Task → what snapshots on the disk have of its changelogs. */
  #onDisk: ReadonlyMap<string, number> = new Map()

  constructor(options: WorkerOptions, producer: Pick<Producer, 'writtenUpTo'>) {
    const { stateDir: directory, stateMemoryBytes, threads } = options.config
    const { snapshotIntervalMs: intervalMs } = options.config
    this.#options = options
    this.#producer = producer
    this.#snapshots =
      directory === undefined ? undefined : new Snapshots({ ...options, directory, intervalMs })
    this.#standbys = new Standbys({ ...options, snapshots: this.#snapshots })
    this.#warmUps = new WarmUps(options.clock)
    if (stateMemoryBytes === undefined) return
    this.#memory = new StateMemory({
      budgetBytes: stateMemoryBytes / threads,
      directory: join(directory ?? tmpdir(), 'spilled'),
      log: options.log,
    })
  }

  report(tasks: readonly Task[]): StateReport {
    return {
      snapshots: this.#snapshots?.report ?? { written: 0, failed: 0 },
      restored: { ...this.#restored },
      stateBytes: bytesByStore([...tasks, ...this.#standbys.all].flatMap(({ stores }) => stores)),
      standbys: this.#standbys.status(),
    }
  }

  /** Looks for snapshots of tasks that are not here; to be called before `memberInfo`. */
  async lookAtDisk(counts: Counts): Promise<void> {
    const { config, clock, subTopologies } = this.#options
    const all = everyTask(subTopologies, counts)
    this.#onDisk = await snapshotPositions(config.stateDir, all, clock.now())
  }

  /** What the group's leader goes by when it decides who runs what. */
  memberInfo(
    tasks: readonly Task[],
  ): Pick<MemberInfo, 'standbys' | 'positions' | 'ends' | 'caughtUp'> {
    const standbys = this.#standbys.all
    const here = [
      ...tasks.map(({ name, changelogs, restoreRemaining: lag }) => ({ name, changelogs, lag })),
      ...standbys.map(({ name, changelogs, lag = 0 }) => ({ name, changelogs, lag })),
    ]
      .filter(({ changelogs }) => changelogs.length > 0)
      .map(({ name, changelogs, lag }) => ({ name, position: positionSum(changelogs), lag }))
    const running = tasks.filter(({ state }) => state === 'Running')
    const warm = standbys.filter(({ name }) => this.#isCaughtUp(name))
    return {
      standbys: standbys.map(({ name }) => name),
      positions: Object.fromEntries([
        ...this.#onDisk,
        ...here.map(({ name, position }) => {
          return [name, Math.max(position, this.#onDisk.get(name) ?? 0)] as const
        }),
      ]),
      ends: Object.fromEntries(
        here.filter(({ lag }) => lag > 0).map(({ name, position, lag }) => [name, position + lag]),
      ),
      caughtUp: [...running, ...warm].map(({ name }) => name),
    }
  }

  /** Follows these and no others; where tasks have `left`, with their stores. */
  follow(
    { standbys, warmUps }: ShareInfo,
    { left, counts }: { readonly left: ReadonlyMap<string, TaskStores>; readonly counts: Counts },
  ): void {
    const { subTopologies } = this.#options
    const names = new Set([...standbys, ...warmUps])
    for (const { name } of this.#standbys.all) if (!names.has(name)) this.#standbys.drop(name)
    for (const [name, stores] of left) if (!names.has(name)) closeStores(stores)
    for (const task of everyTask(subTopologies, counts)) {
      const name = taskName(task.id)
      if (!names.has(name) || this.#standbys.has(name)) continue
      this.#standbys.add(name, left.get(name) ?? this.#open(task))
    }
    this.#warmUps.expect(warmUps)
  }

  /** The stores for a task that comes here: those of its standby if there is one. */
  storesFor(task: OwnedTask): TaskStores {
    return this.#standbys.take(taskName(task.id)) ?? this.#open(task)
  }

  /** Takes in what has come for standbys. False when there was nothing. */
  async read(): Promise<boolean> {
    return this.#standbys.read()
  }

  /** True, once for each, when tasks that warm up here could come now: the group is to be told. */
  haveWarmedUp(): boolean {
    return this.#warmUps.areReady((name) => this.#isCaughtUp(name))
  }

  /** As `restoreTasks`. */
  async restore(
    tasks: readonly Task[],
    how: Pick<RestoreOptions, 'isInterrupted' | 'onRestored'>,
  ): Promise<boolean> {
    const { broker, clock, log } = this.#options
    const begun = clock.monotonic()
    const before = { ...this.#restored }
    const areRestored = await restoreTasks(tasks, {
      ...how,
      broker,
      snapshots: this.#snapshots,
      onLoaded: (entries) => (this.#restored.snapshot += entries),
      onRead: (entries) => (this.#restored.changelog += entries),
    })
    const fromSnapshots = this.#restored.snapshot - before.snapshot
    const fromChangelogs = this.#restored.changelog - before.changelog
    const seconds = (clock.monotonic() - begun) / 1000
    if (fromSnapshots + fromChangelogs > 0)
      log.info('restored entries of state', { fromSnapshots, fromChangelogs, seconds })
    return areRestored
  }

  /** To be called when these tasks are committed, before they go on. */
  afterCommit(tasks: readonly Task[]): void {
    // What was written by a task that was here before says nothing of one that is not restored yet.
    const running = tasks.filter(({ state }) => state === 'Running')
    for (const changelog of running.flatMap(({ changelogs }) => changelogs)) {
      const written = this.#producer.writtenUpTo(changelog) ?? 0
      changelog.position = Math.max(changelog.position ?? 0, written)
    }
    const followed = this.#standbys.all.filter(({ name }) => this.#isCaughtUp(name))
    this.#snapshots?.afterCommit([...tasks, ...followed])
  }

  async close(): Promise<void> {
    await Promise.all([this.#standbys.close(), this.#snapshots?.close()])
  }

  #isCaughtUp(name: string): boolean {
    return this.#standbys.isCaughtUp(name, this.#options.config.state.acceptableRecoveryLag)
  }

  #open({ id, subTopology }: OwnedTask): TaskStores {
    return openStores(subTopology.stores, id.partition, this.#memory)
  }
}

function bytesByStore(all: readonly StateStore[]): StateReport['stateBytes'] {
  const stores = Map.groupBy(all, ({ name }) => name)
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
