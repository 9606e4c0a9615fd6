import type { Fetcher } from '../broker/broker.ts'
import { fuse } from '../fused/fuse.ts'
import type { Program } from '../fused/program.ts'
import type { GlobalTables } from './global-tables.ts'
import type { OutputCollector } from './output-collector.ts'
import type { OwnedTask } from './owned-tasks.ts'
import type { Counts, PartitionCounts } from './partition-counts.ts'
import { Task } from './task.ts'
import type { WorkerOptions } from './worker-options.ts'
import type { WorkerState } from './worker-state.ts'

export interface TaskMakerParts {
  readonly counts: PartitionCounts
  readonly collector: OutputCollector
  readonly fetcher: Fetcher
  readonly globals: GlobalTables
  readonly state: WorkerState
  readonly onAnswer: () => void
}

/** Makes the tasks of one thread, with programs that go by the partitions that topics have. */
export class TaskMaker {
  readonly #options: WorkerOptions
  readonly #parts: TaskMakerParts
  #counts: Counts
  #programs: readonly (ReadonlyMap<string, Program> | undefined)[] = []

  constructor(options: WorkerOptions, parts: TaskMakerParts) {
    this.#options = options
    this.#parts = parts
    this.#counts = parts.counts.current
    this.#fuse()
  }

  /** Topics have grown since: tasks that were made before are to be made anew. */
  get isOutgrown(): boolean {
    return this.#counts !== this.#parts.counts.current
  }

  /** False if there is none. */
  followGrowth(): boolean {
    const { current } = this.#parts.counts
    if (!this.isOutgrown) return false
    const grown = [...current].filter(([topic, count]) => count !== this.#counts.get(topic))
    this.#options.log.info('topics have grown', { topics: Object.fromEntries(grown) })
    this.#counts = current
    this.#fuse()
    return true
  }

  make({ id, subTopology }: OwnedTask): Task {
    const { applicationId, onError, job, time } = this.#options.config
    const { collector, fetcher, globals, state, onAnswer } = this.#parts
    return new Task({
      ...this.#options,
      id,
      subTopology,
      applicationId,
      job: `${job.namespace}/${job.name}`,
      onError,
      collector,
      programs: this.#programs[id.subTopology],
      idleAfterMs: time.idleAfterMs,
      drainedAt: (partition) => fetcher.drainedAt(partition),
      onAnswer,
      global: (name) => globals.rows(name),
      stores: state.storesFor({ id, subTopology }),
    })
  }

  #fuse(): void {
    const { subTopologies, config } = this.#options
    const { collector } = this.#parts
    this.#programs = subTopologies.map((subTopology) =>
      fuse(subTopology, config.applicationId, (topic) => collector.partitionsOf(topic)),
    )
  }
}
