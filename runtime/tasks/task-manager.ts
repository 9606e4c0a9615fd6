import type {
  FetchedPartition,
  Fetcher,
  PartitionOffset,
  TopicPartition,
} from '../broker/broker.ts'
import { partitionKey } from '../broker/partition-key.ts'
import type { Clock } from '../platform/clock.ts'
import { inSlices } from './in-slices.ts'
import type { OutputCollector } from './output-collector.ts'
import type { Task } from './task.ts'
import type { TaskStores } from './task-stores.ts'

/** The tasks of one thread, and which of them each partition belongs to. Reads only what they are ready to take. */
export class TaskManager {
  readonly #fetcher: Fetcher
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #tasks = new Map<string, Task>()
  readonly #owners = new Map<string, Task>()
  /** Partitions of which there is enough to do: nothing is fetched of them. */
  readonly #paused = new Set<string>()

  constructor(fetcher: Fetcher, clock: Pick<Clock, 'monotonic'>) {
    this.#fetcher = fetcher
    this.#clock = clock
  }

  get all(): readonly Task[] {
    return [...this.#tasks.values()]
  }

  /** Those whose state is complete. */
  get running(): readonly Task[] {
    return this.all.filter(({ state }) => state === 'Running')
  }

  get names(): readonly string[] {
    return [...this.#tasks.keys()]
  }

  /**
   * Tasks that stay keep their state; the others close, those of new names are made. Returns the stores of those that closed, as
   * far as they are as committed: somebody has to close them.
   */
  adopt<T>(
    wanted: ReadonlyMap<string, T>,
    make: (one: T) => Task,
  ): ReadonlyMap<string, TaskStores> {
    const left = this.all
      .filter(({ name }) => !wanted.has(name))
      .flatMap((task) => this.#part(task))
    for (const [name, one] of wanted) {
      if (!this.#tasks.has(name)) this.#tasks.set(name, make(one))
    }
    return new Map(left)
  }

  /** Starts to read for a task. */
  start(task: Task, positions: readonly PartitionOffset[]): void {
    task.start(positions)
    for (const position of positions) {
      this.#owners.set(partitionKey(position), task)
      this.#fetcher.assign(position)
    }
  }

  add(fetched: FetchedPartition): void {
    this.#owners.get(partitionKey(fetched))?.add(fetched)
  }

  /** What lies before is gone. */
  skipTo(position: PartitionOffset): void {
    this.#owners.get(partitionKey(position))?.skipTo(position)
    this.#fetcher.assign(position)
  }

  /**
   * Lets every task work off what it has, until all of it `isOver`; fetches on of a partition only once all of it is taken. Between
   * tasks sockets have their turn: the kernel holds a few hundred kilobytes of an answer, and the broker waits with the rest while
   * nobody reads. The `outputs` are sent before, so that who looks meanwhile finds nothing read that is not written.
   */
  async process(outputs: Pick<OutputCollector, 'send'>, isOver: () => boolean): Promise<void> {
    const work = (task: Task) => {
      if (isOver()) return
      task.process()
      task.passIdly()
      this.#regulate(task)
    }
    if (this.#fetcher.takeIn === undefined) return this.running.forEach(work)
    const pause = async () => {
      outputs.send()
      await this.#fetcher.takeIn?.()
    }
    await inSlices(this.running, { clock: this.#clock, work, pause })
  }

  /** Those that can be committed now. */
  ready(): readonly Task[] {
    return this.running.filter((task) => task.prepareCommit())
  }

  /** All of them, undefined while one has to wait: what they write is part of one transaction. */
  allReady(): readonly Task[] | undefined {
    const { running } = this
    const ready = running.filter((task) => task.prepareCommit({ inTransaction: true }))
    if (ready.length === running.length) return running
    for (const task of running) task.hold()
    return undefined
  }

  /** Lets processors do what they do by the clock. False when nothing was due. Throws as `Task.punctuate`. */
  punctuate(nowMs: number): boolean {
    return this.running.map((task) => task.punctuate(nowMs)).some((hasPunctuated) => hasPunctuated)
  }

  /** When `punctuate` next has something to do, in milliseconds since the epoch; Infinity: never. */
  get nextPunctuationMs(): number {
    return Math.min(Infinity, ...this.running.map((task) => task.nextPunctuationMs))
  }

  close(task: Task): void {
    this.#detach(task)
    task.cancel()
  }

  closeAll(): void {
    for (const task of this.all) this.close(task)
  }

  /** With what async functions have not answered it holds what is not committed. */
  #part(task: Task): readonly (readonly [name: string, stores: TaskStores])[] {
    const isCommitted = !task.isPending
    this.#detach(task)
    if (isCommitted) return [[task.name, task.part()]]
    task.cancel()
    return []
  }

  #detach(task: Task): void {
    for (const partition of task.partitions) {
      this.#fetcher.unassign(partition)
      this.#owners.delete(partitionKey(partition))
      this.#paused.delete(partitionKey(partition))
    }
    task.moveTo('Closed')
    this.#tasks.delete(task.name)
  }

  /** A task may wait for one of its partitions while it is behind with another. */
  #regulate(task: Task): void {
    for (const partition of task.awaited) this.#fetcher.hurry(partition)
    const behind = new Set(task.behind.map(partitionKey))
    for (const partition of task.partitions) {
      const key = partitionKey(partition)
      if (behind.has(key) === this.#paused.has(key)) continue
      if (behind.has(key)) this.#pause(partition)
      else this.#resume(partition)
    }
  }

  #pause(partition: TopicPartition): void {
    this.#fetcher.pause(partition)
    this.#paused.add(partitionKey(partition))
  }

  #resume(partition: TopicPartition): void {
    this.#fetcher.resume(partition)
    this.#paused.delete(partitionKey(partition))
  }
}
