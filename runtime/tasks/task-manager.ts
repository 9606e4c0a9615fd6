import type {
  FetchedPartition,
  Fetcher,
  PartitionOffset,
  TopicPartition,
} from '../broker/broker.ts'
import { partitionKey } from '../broker/partition-key.ts'
import type { Task } from './task.ts'

/** The tasks of one thread, and which of them each partition belongs to. Reads only what they are ready to take. */
export class TaskManager {
  readonly #fetcher: Fetcher
  readonly #tasks = new Map<string, Task>()
  readonly #owners = new Map<string, Task>()
  /** Partitions of which there is enough to do: nothing is fetched of them. */
  readonly #paused = new Set<string>()

  constructor(fetcher: Fetcher) {
    this.#fetcher = fetcher
  }

  get all(): readonly Task[] {
    return [...this.#tasks.values()]
  }

  get names(): readonly string[] {
    return [...this.#tasks.keys()]
  }

  /** Tasks that stay keep their state; the others close, those of new names are made. */
  adopt<T>(wanted: ReadonlyMap<string, T>, make: (one: T) => Task): void {
    for (const task of this.all) if (!wanted.has(task.name)) this.close(task)
    for (const [name, one] of wanted) {
      if (!this.#tasks.has(name)) this.#tasks.set(name, make(one))
    }
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

  /** Lets every task work off what it has; fetches on of a partition only once all of it is taken. */
  process(): void {
    for (const task of this.#tasks.values()) {
      task.process()
      task.passIdly()
      this.#regulate(task)
    }
  }

  /** Those that can be committed now. */
  ready(): readonly Task[] {
    return this.all.filter((task) => task.prepareCommit())
  }

  /** All of them, undefined while one has to wait: what they write is part of one transaction. */
  allReady(): readonly Task[] | undefined {
    const { all } = this
    const ready = all.filter((task) => task.prepareCommit({ inTransaction: true }))
    if (ready.length === all.length) return all
    for (const task of all) task.hold()
    return undefined
  }

  /** Lets processors do what they do by the clock. False when nothing was due. Throws as `Task.punctuate`. */
  punctuate(nowMs: number): boolean {
    return this.all.map((task) => task.punctuate(nowMs)).some((hasPunctuated) => hasPunctuated)
  }

  /** When `punctuate` next has something to do, in milliseconds since the epoch; Infinity: never. */
  get nextPunctuationMs(): number {
    return Math.min(Infinity, ...this.all.map((task) => task.nextPunctuationMs))
  }

  close(task: Task): void {
    for (const partition of task.partitions) {
      this.#fetcher.unassign(partition)
      this.#owners.delete(partitionKey(partition))
      this.#paused.delete(partitionKey(partition))
    }
    task.cancel()
    task.moveTo('Closed')
    this.#tasks.delete(task.name)
  }

  closeAll(): void {
    for (const task of this.all) this.close(task)
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
