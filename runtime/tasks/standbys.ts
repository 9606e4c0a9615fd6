import type { Broker, FetchedPartition, Fetcher } from '../broker/broker.ts'
import { OffsetOutOfRange } from '../broker/errors.ts'
import { partitionKey } from '../broker/partition-key.ts'
import type { StandbyStatus } from '../config.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import { applyRead, beginReading, type Reading } from './changelog-reading.ts'
import type { Snapshots } from './snapshots.ts'
import { Standby } from './standby.ts'
import { closeStores, type TaskStores } from './task-stores.ts'

/** Read at a time, between two rounds of the worker: its own tasks come first. */
const POLL_BYTES = 1024 * 1024
const RETRY_MS = 5000
/** What a standby has not heard of for so long, it may be behind of by any number. */
const FRESH_MS = 10_000

export interface StandbysOptions {
  readonly broker: Pick<Broker, 'admin' | 'fetcher'>
  readonly snapshots: Snapshots | undefined
  readonly clock: Clock
  readonly log: Logger
}

/**
 * The standbys of one thread: they read changelogs as they are written, so that a task which comes here has only the rest to
 * read. They begin, which may take a while, beside the loop of the worker, and read on in its rounds.
 */
export class Standbys {
  readonly #options: StandbysOptions
  readonly #standbys = new Map<string, Standby>()
  readonly #readings = new Map<string, Reading<Standby>>()
  readonly #beginnings = new Map<Standby, Promise<void>>()
  /** Made when there is something to read. */
  #fetcher: Fetcher | undefined
  #retryMs = Infinity

  constructor(options: StandbysOptions) {
    this.#options = options
  }

  get all(): readonly Standby[] {
    return [...this.#standbys.values()]
  }

  has(name: string): boolean {
    return this.#standbys.has(name)
  }

  add(name: string, stores: TaskStores): void {
    const standby = new Standby(name, stores)
    this.#standbys.set(name, standby)
    this.#begin(standby)
  }

  /** The stores of a standby that is none any more; undefined where there is nothing to go on with. */
  take(name: string): TaskStores | undefined {
    const standby = this.#standbys.get(name)
    if (standby?.state !== 'Running') {
      this.drop(name)
      return undefined
    }
    this.#detach(standby)
    return standby.kept
  }

  drop(name: string): void {
    const standby = this.#standbys.get(name)
    if (standby === undefined) return
    this.#detach(standby)
    // A beginning may be about to fill them.
    void (this.#beginnings.get(standby) ?? Promise.resolve()).then(() => closeStores(standby.kept))
  }

  /** Takes in what has come, and does not wait for more. False when there was nothing. */
  async read(): Promise<boolean> {
    if (this.#options.clock.monotonic() >= this.#retryMs) this.#retry()
    if (this.#fetcher === undefined) return false
    try {
      const fetched = await this.#fetcher.poll(0)
      for (const part of fetched) this.#take(part)
      return fetched.length > 0
    } catch (error) {
      if (!(error instanceof OffsetOutOfRange)) throw error
      this.#beginAnew(error)
      return true
    }
  }

  /** True when a task could come here and would have next to nothing to read. */
  isCaughtUp(name: string, acceptableLag: number): boolean {
    const standby = this.#standbys.get(name)
    if (standby?.lag === undefined || standby.lag > acceptableLag) return false
    return this.#options.clock.monotonic() - this.#heardAt(standby) < FRESH_MS
  }

  status(): readonly StandbyStatus[] {
    return this.all.map(({ name: id, lag }) => ({ id, ...(lag === undefined ? {} : { lag }) }))
  }

  async close(): Promise<void> {
    for (const { name } of this.all) this.drop(name)
    await Promise.all(this.#beginnings.values())
    await this.#fetcher?.close()
  }

  #begin(standby: Standby): void {
    standby.state = 'Restoring'
    const beginning = this.#fill(standby)
      .catch((error: unknown) => this.#beginLater(standby, error))
      .finally(() => this.#beginnings.delete(standby))
    this.#beginnings.set(standby, beginning)
  }

  async #fill(standby: Standby): Promise<void> {
    const { broker, snapshots, clock } = this.#options
    const isInterrupted = () => standby.state === 'Closed'
    const { admin } = broker
    const readings = await beginReading([standby], { admin, snapshots, isInterrupted })
    if (readings === undefined || isInterrupted()) return
    this.#fetcher ??= broker.fetcher({ maxBytes: POLL_BYTES })
    for (const reading of readings) {
      this.#readings.set(partitionKey(reading.changelog), reading)
      this.#fetcher.assign(reading.from)
    }
    standby.heardAt = clock.monotonic()
    standby.begin(readings)
  }

  #beginLater(standby: Standby, error: unknown): void {
    if (standby.state === 'Closed') return
    const { clock, log } = this.#options
    const why = (error as Error).message
    log.warn('a standby cannot begin: tries again', { task: standby.name, why })
    standby.state = 'Created'
    this.#retryMs = clock.monotonic() + RETRY_MS
  }

  #retry(): void {
    this.#retryMs = Infinity
    for (const standby of this.all) if (standby.state === 'Created') this.#begin(standby)
  }

  #take(fetched: FetchedPartition): void {
    const reading = this.#readings.get(partitionKey(fetched))
    if (reading === undefined) return
    const { of: standby, changelog } = reading
    applyRead(reading, fetched)
    changelog.position = this.#fetcher?.position(changelog) ?? changelog.position
    const known = standby.ends.get(changelog) ?? 0
    standby.ends.set(changelog, Math.max(known, fetched.highWatermark))
    standby.heardAt = fetched.receivedAt
  }

  /** Of all its changelogs: one of which nothing comes is heard of by the answer that there is nothing. */
  #heardAt(standby: Standby): number {
    const drained = standby.changelogs.map(
      (changelog) => this.#fetcher?.drainedAt(changelog) ?? standby.heardAt,
    )
    return Math.min(...drained)
  }

  /** What it was about to read is gone. */
  #beginAnew({ topic, partition, message: why }: OffsetOutOfRange): void {
    const reading = this.#readings.get(partitionKey({ topic, partition }))
    if (reading === undefined) return
    const { of: standby } = reading
    this.#options.log.warn('a standby begins anew', { task: standby.name, why })
    this.#unassign(standby)
    this.#begin(standby)
  }

  #detach(standby: Standby): void {
    standby.state = 'Closed'
    this.#unassign(standby)
    this.#standbys.delete(standby.name)
  }

  #unassign({ changelogs }: Standby): void {
    for (const changelog of changelogs) {
      this.#fetcher?.unassign(changelog)
      this.#readings.delete(partitionKey(changelog))
    }
  }
}
