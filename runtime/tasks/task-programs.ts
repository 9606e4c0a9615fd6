import type { RecordBatch } from '../broker/record-batch.ts'
import { areTakenInTurn } from '../fused/fuse.ts'
import type { Program, ProgramHost, ReleaseHost } from '../fused/program.ts'
import type { StreamTime } from '../processors/stream-time.ts'
import type { AppendedWindowStore } from '../state/appended-window-store.ts'
import type { ByteKeyValueStore } from '../state/byte-key-value-store.ts'
import type { ColumnStores } from '../state/column-stores.ts'
import type { Stores } from '../state/store.ts'
import { earliestBatch, type PartitionGroup } from './partition-group.ts'
import type { RecordQueue, Taken } from './record-queue.ts'
import { countEntered } from './tally.ts'
import type { TaskOptions } from './task-options.ts'

type Options = Pick<TaskOptions, 'programs' | 'collector' | 'tally' | 'subTopology'>

/** What programs have of the task. */
interface Around {
  store<L extends keyof Stores>(layout: L, name: string): Stores[L]
  streamTime(operator: string): StreamTime
  timePassed(time: number): void
  /** Does a record the slow and exact way. */
  take(taken: Taken): void
  batchDone(): void
}

/** The programs of a task's sub-topology at work on what is buffered. */
export class TaskPrograms {
  readonly #options: Options
  readonly #around: Around
  readonly #hosts = new Map<RecordQueue, ProgramHost>()

  constructor(options: Options, around: Around) {
    this.#options = options
    this.#around = around
  }

  /** A program does not look at the size of each record that it writes. */
  get areUsed(): boolean {
    const { programs, collector } = this.#options
    return programs !== undefined && !collector.knowsLimits
  }

  process(group: PartitionGroup): void {
    if (areTakenInTurn(this.#options.subTopology)) this.#processRuns(group)
    else this.#processBatches(group.queues)
  }

  /** Finds the next record where a program has it, which spares its queue from looking for it. */
  headTime(queue: RecordQueue): number | undefined {
    const program = this.areUsed ? this.#programOf(queue) : undefined
    if (program === undefined) return queue.headTimestamp
    for (;;) {
      const { headBatch, position } = queue
      if (headBatch === undefined) return undefined
      const time = program.timeAt(headBatch, position)
      if (time !== undefined) return time
      finish(queue, headBatch)
    }
  }

  /** Lets go on what waits for the commit. */
  release(): void {
    if (!this.areUsed) return
    for (const program of this.#options.programs?.values() ?? []) program.release(this.#releaseHost)
  }

  /** Of several topics the batch that begins earliest comes first: nothing here depends on a finer order. */
  #processBatches(queues: readonly RecordQueue[]): void {
    for (let queue = earliestBatch(queues); queue !== undefined; queue = earliestBatch(queues)) {
      const { headBatch } = queue
      const program = this.#programOf(queue)
      if (headBatch === undefined || program === undefined) return
      this.#run(program, queue, headBatch)
      finish(queue, headBatch)
      this.#around.batchDone()
    }
  }

  /** Of several topics whose records meet in stores, each takes all that come before the next of another. */
  #processRuns(group: PartitionGroup): void {
    for (let run = group.nextRun(); run !== undefined; run = group.nextRun()) {
      const { queue, until } = run
      const { headBatch } = queue
      const program = this.#programOf(queue)
      if (headBatch === undefined || program === undefined) {
        const taken = queue.take()
        if (taken !== undefined) this.#around.take(taken)
        continue
      }
      this.#run(program, queue, headBatch, until)
      queue.skipTo(program.position)
      // Who asked when its next record is would read it once more.
      if (program.position === headBatch.nextOffset) finish(queue, headBatch)
    }
  }

  #run(program: Program, queue: RecordQueue, batch: RecordBatch, until?: number): void {
    const settled = program.run(batch, this.#hostOf(queue), until)
    // Those that were interpreted meanwhile have been counted.
    this.#options.tally.consumed += settled
  }

  #programOf({ partition }: RecordQueue): Program | undefined {
    return this.#options.programs?.get(partition.topic)
  }

  /** One for all batches of the queue. */
  #hostOf(queue: RecordQueue): ProgramHost {
    const known = this.#hosts.get(queue)
    if (known !== undefined) return known
    const around = this.#around
    const host: ProgramHost = {
      ...this.#releaseHost,
      from: queue.partition,
      get position() {
        return queue.position
      },
      log: (name) => around.store('window', name) as unknown as AppendedWindowStore,
      table: (name) => around.store('key-value', name) as ByteKeyValueStore,
      streamTime: (operator) => around.streamTime(operator),
      timePassed: (time) => around.timePassed(time),
      interpret: (index) => {
        if (queue.headBatch !== undefined) around.take(queue.takenAt(queue.headBatch, index))
      },
    }
    this.#hosts.set(queue, host)
    return host
  }

  get #releaseHost(): ReleaseHost {
    const { collector, tally } = this.#options
    return {
      sink: collector,
      store: <L extends keyof ColumnStores>(layout: L, name: string) =>
        this.#around.store(layout, name) as unknown as ColumnStores[L],
      entered: (node, count) => countEntered(tally, node, count),
    }
  }
}

function finish(queue: RecordQueue, batch: RecordBatch): void {
  queue.finishBatch()
  // What a program made of it lies in memory of the kernel, and what it forwarded is a copy.
  batch.release()
}
