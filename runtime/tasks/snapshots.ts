import { rm } from 'node:fs/promises'
import type { SnapshotReport } from '../config.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import { FORMAT, type SnapshotHead } from '../state/snapshot-format.ts'
import { readSnapshot } from '../state/snapshot-reader.ts'
import { SnapshotWriter } from '../state/snapshot-writer.ts'
import type { StateStore } from '../state/store.ts'
import { sweepSnapshots } from '../state/sweep-snapshots.ts'
import type { Changelog } from './changelog.ts'
import { snapshotPath } from './snapshot-positions.ts'
import type { TaskState } from './task-state.ts'
import {
  type ChangelogRange,
  judgeEnd,
  judgeHead,
  layoutOf,
  MAX_AGE_MS,
} from './usable-snapshot.ts'

/** One that took long is not followed by the next one at once: the disk has to rest for as long. */
const REST = 2
/** Where nothing changes, it is written anew before it is too old. */
const REFRESH_MS = 6 * 60 * 60 * 1000
/** Made in one go, whatever the share of time. */
const BLOCK_BYTES = 256 * 1024
const SWEEP_MS = 60 * 60 * 1000
/** After a failure, such as a full disk. */
const PAUSE_MS = 10 * 60 * 1000
const BYTES_PER_MS = 32 * 1024
/** Of the time between two commits. */
const TIME_SHARE = 0.025
const MAX_SLICE_MS = 1000
/** More does not wait for the disk. */
const MAX_PENDING_BYTES = 32 * 1024 * 1024

export interface SnapshotsOptions {
  /** Where snapshots are, as `<changelog topic>/<partition>.snapshot`. */
  readonly directory: string
  /** How long after one snapshot of a store was begun the next one may be. */
  readonly intervalMs: number
  /** Which of those who write there. */
  readonly thread: number
  readonly clock: Clock
  readonly log: Logger
}

/** Whose stores have snapshots: a task, or a standby. */
export interface SnapshotSource {
  readonly state: TaskState
  readonly changelogs: readonly Changelog[]
  readonly streamTime: number
}

export interface LoadOptions {
  readonly range: ChangelogRange
  readonly isInterrupted: () => boolean
  /** The stream time that the snapshot is of. */
  readonly onTime: (time: number) => void
  /** Entries are in the store. */
  readonly onLoaded: (entries: number) => void
}

/** What is known of the snapshots of a store. */
interface Known {
  /** `start` of the latest snapshot. */
  start: number | undefined
  begunMs: number
  tookMs: number
  isBeingWritten: boolean
}

/** A snapshot on its way. */
interface Cycle {
  readonly task: SnapshotSource
  readonly changelog: Changelog
  readonly known: Known
  readonly head: SnapshotHead
  readonly blocks: Iterator<Buffer>
  readonly writer: SnapshotWriter
}

/**
 * Snapshots of the stores of one thread. They are made a slice at a time, each right after a commit, when stores hold nothing
 * but what is committed: an entry is then at least as new as the offset at which the snapshot was begun, and all that changed since
 * is read from there.
 */
export class Snapshots {
  readonly #options: SnapshotsOptions
  readonly #known = new WeakMap<StateStore, Known>()
  readonly #finishing = new Set<Promise<void>>()
  readonly #report = { written: 0, failed: 0 }
  #cycle: Cycle | undefined
  #lastSliceMs: number
  #sweptMs = -Infinity
  #pausedUntilMs = -Infinity

  constructor(options: SnapshotsOptions) {
    this.#options = options
    this.#lastSliceMs = options.clock.monotonic()
  }

  get report(): SnapshotReport {
    return { ...this.#report }
  }

  /**
   * Fills an empty store from its snapshot, and returns the offset at which its changelog goes on. undefined without one that
   * can be used: then the store is empty still.
   */
  async load(
    changelog: Changelog,
    { range, isInterrupted, onTime, onLoaded }: LoadOptions,
  ): Promise<number | undefined> {
    const { store } = changelog
    const { clock } = this.#options
    const now = clock.monotonic()
    const known: Known = { start: undefined, begunMs: now, tookMs: 0, isBeingWritten: false }
    this.#known.set(store, known)
    try {
      const read = await readSnapshot(this.#pathOf(changelog), {
        onHead: (head) => {
          judgeHead(head, changelog, { range, now: clock.now() })
          store.reserve?.(head.entries)
        },
        take: (block) => store.load(block),
        isInterrupted,
      })
      if (read === undefined) {
        store.clear()
        return undefined
      }
      judgeEnd(read.end, range)
      known.start = read.start
      known.begunMs = now - (clock.now() - read.startedAt)
      onTime(read.streamTime)
      onLoaded(store.size)
      return read.start
    } catch (error) {
      store.clear()
      await this.#refuse(this.#pathOf(changelog), error as Error)
      return undefined
    }
  }

  /** To be called when these tasks are committed, before they go on. */
  afterCommit(tasks: readonly SnapshotSource[]): void {
    const { clock } = this.#options
    const now = clock.monotonic()
    const elapsed = Math.min(now - this.#lastSliceMs, MAX_SLICE_MS)
    this.#lastSliceMs = now
    this.#sweep(now)
    if (now < this.#pausedUntilMs) return
    const until = now + elapsed * TIME_SHARE
    for (let bytes = elapsed * BYTES_PER_MS; bytes > 0 && clock.monotonic() <= until;) {
      const cycle = this.#cycleFor(tasks, now)
      if (cycle === undefined || cycle.writer.pendingBytes > MAX_PENDING_BYTES) return
      bytes -= this.#goOnWith(cycle)
    }
  }

  async close(): Promise<void> {
    await this.#discard()
    await Promise.all(this.#finishing)
  }

  /** undefined where there is nothing to do at this commit. */
  #cycleFor(tasks: readonly SnapshotSource[], now: number): Cycle | undefined {
    const current = this.#cycle
    if (current?.task.state === 'Closed') void this.#discard()
    else if (current?.writer.failure !== undefined) this.#fail(current, current.writer.failure)
    else if (current !== undefined) return tasks.includes(current.task) ? current : undefined
    return now < this.#pausedUntilMs ? undefined : this.#begin(tasks, now)
  }

  #begin(tasks: readonly SnapshotSource[], now: number): Cycle | undefined {
    const due = tasks
      .filter(({ state }) => state === 'Running')
      .flatMap((task) => task.changelogs.map((changelog) => ({ task, changelog })))
      .flatMap((one) => {
        const known = this.#known.get(one.changelog.store)
        return known !== undefined && this.#isDue(one.changelog, known, now)
          ? [{ ...one, known }]
          : []
      })
    const [first] = due.sort((a, b) => a.known.begunMs - b.known.begunMs)
    if (first === undefined) return undefined
    const { changelog, known, task } = first
    const head = this.#headOf(changelog, task)
    const writer = new SnapshotWriter(this.#pathOf(changelog), `${this.#options.thread}`, head)
    known.begunMs = now
    known.isBeingWritten = true
    this.#cycle = {
      ...first,
      head,
      writer,
      blocks: changelog.store.dump(BLOCK_BYTES)[Symbol.iterator](),
    }
    return this.#cycle
  }

  #isDue(changelog: Changelog, known: Known, now: number): boolean {
    const age = now - known.begunMs
    if (known.isBeingWritten || age < Math.max(this.#options.intervalMs, REST * known.tookMs))
      return false
    return age > REFRESH_MS || changelog.position !== known.start
  }

  #headOf(changelog: Changelog, task: SnapshotSource): SnapshotHead {
    const { topic, partition, spec, topicId, store } = changelog
    return {
      format: FORMAT,
      ...{ topic, partition, layout: layoutOf(spec) },
      ...(topicId === undefined ? {} : { topicId }),
      entries: store.size,
      start: changelog.position ?? 0,
      startedAt: this.#options.clock.now(),
      streamTime: task.streamTime,
    }
  }

  /** Returns how many bytes that made. */
  #goOnWith(cycle: Cycle): number {
    const next = cycle.blocks.next()
    if (next.done !== true) {
      cycle.writer.add(next.value)
      return next.value.length
    }
    this.#cycle = undefined
    const finishing = this.#finish(cycle).finally(() => this.#finishing.delete(finishing))
    this.#finishing.add(finishing)
    return 1
  }

  async #finish(cycle: Cycle): Promise<void> {
    const { changelog, known, head, writer } = cycle
    try {
      await writer.finish({ end: changelog.position ?? 0 })
      known.start = head.start
      known.tookMs = this.#options.clock.monotonic() - known.begunMs
      known.isBeingWritten = false
      this.#report.written++
    } catch (error) {
      this.#fail(cycle, error as Error)
    }
  }

  /** Work goes on; only a restart takes longer. */
  #fail(cycle: Cycle, { message: why }: Error): void {
    const { clock, log } = this.#options
    const now = clock.monotonic()
    this.#report.failed++
    cycle.known.isBeingWritten = false
    if (this.#cycle === cycle) void this.#discard()
    if (now < this.#pausedUntilMs) return
    this.#pausedUntilMs = now + PAUSE_MS
    const file = this.#pathOf(cycle.changelog)
    const message = `cannot write snapshots of state: tries again in ${PAUSE_MS / 60_000} minutes`
    log.warn(message, { file, why })
  }

  async #discard(): Promise<void> {
    const cycle = this.#cycle
    this.#cycle = undefined
    if (cycle === undefined) return
    cycle.known.isBeingWritten = false
    cycle.blocks.return?.()
    await cycle.writer.discard()
  }

  async #refuse(file: string, { message: why }: Error): Promise<void> {
    const removed = await rm(file).then(
      () => true,
      () => false,
    )
    const { log } = this.#options
    log.warn('a snapshot of state cannot be used: reads the changelog from its beginning', {
      ...{ file, why, removed },
    })
  }

  #sweep(now: number): void {
    if (now - this.#sweptMs < SWEEP_MS) return
    this.#sweptMs = now
    const { directory, clock } = this.#options
    void sweepSnapshots(directory, clock.now() - MAX_AGE_MS)
  }

  #pathOf({ topic, partition }: Pick<Changelog, 'topic' | 'partition'>): string {
    return snapshotPath(this.#options.directory, topic, partition)
  }
}
