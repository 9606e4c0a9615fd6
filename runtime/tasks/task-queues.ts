import type { FetchedPartition, PartitionOffset, TopicPartition } from '../broker/broker.ts'
import { partitionKey } from '../broker/partition-key.ts'
import type { TaskStatus } from '../config.ts'
import type { SubTopologySource } from '../topology/sub-topologies.ts'
import { RecordQueue } from './record-queue.ts'

/** The partitions that a task reads: what is fetched of each, and how far it is done and committed. */
export class TaskQueues {
  readonly #firstPending: (topic: string) => number
  readonly #queues = new Map<string, RecordQueue>()
  readonly #highWatermarks = new Map<string, number>()
  readonly #topicIds = new Map<string, string>()
  readonly #notes = new Map<string, string>()
  readonly #committed = new Map<string, number>()

  /** `firstPending`: the offset of the first record of a topic that is not done; Infinity if there is none. */
  constructor(firstPending: (topic: string) => number) {
    this.#firstPending = firstPending
  }

  /** Where to start reading each partition. Throws on a topic that is not among the sources. */
  start(positions: readonly PartitionOffset[], sources: readonly SubTopologySource[]): void {
    for (const { topic, partition, offset, topicId, note } of positions) {
      const source = sources.find((candidate) => candidate.topic === topic)
      if (source === undefined) throw new Error(`nothing here reads the topic ${topic}`)
      const key = partitionKey({ topic, partition })
      this.#queues.set(key, new RecordQueue({ topic, partition }, source, offset))
      this.#committed.set(key, offset)
      if (topicId !== undefined) this.#topicIds.set(topic, topicId)
      if (note !== undefined) this.#notes.set(topic, note)
    }
  }

  get all(): readonly RecordQueue[] {
    return [...this.#queues.values()]
  }

  get partitions(): readonly TopicPartition[] {
    return this.all.map(({ partition }) => partition)
  }

  add(fetched: FetchedPartition): void {
    this.#queues.get(partitionKey(fetched))?.add(fetched)
    this.#highWatermarks.set(partitionKey(fetched), fetched.highWatermark)
    if (fetched.topicId !== undefined) this.#topicIds.set(fetched.topic, fetched.topicId)
  }

  /** Goes on at an offset further on: what lies before it is gone. */
  skipTo({ offset, ...partition }: PartitionOffset): void {
    this.#queues.get(partitionKey(partition))?.skipTo(offset)
  }

  /** Positions that moved since they were last committed. */
  uncommitted(): readonly PartitionOffset[] {
    return [...this.#queues].flatMap(([key, queue]) => {
      const offset = this.#doneUpTo(queue)
      if (offset <= (this.#committed.get(key) ?? -1)) return []
      const { topic } = queue.partition
      const [topicId, note] = [this.#topicIds.get(topic), this.#notes.get(topic)]
      const id = topicId === undefined ? {} : { topicId }
      return [{ ...queue.partition, offset, ...id, ...(note === undefined ? {} : { note }) }]
    })
  }

  committedUpTo(offsets: readonly PartitionOffset[]): void {
    for (const at of offsets) {
      if (this.#queues.has(partitionKey(at))) this.#committed.set(partitionKey(at), at.offset)
    }
  }

  status(): TaskStatus['partitions'] {
    return [...this.#queues].map(([key, queue]) => ({
      ...queue.partition,
      position: this.#doneUpTo(queue),
      highWatermark: Math.max(this.#highWatermarks.get(key) ?? 0, queue.position),
    }))
  }

  #doneUpTo({ partition, position }: RecordQueue): number {
    return Math.min(position, this.#firstPending(partition.topic))
  }
}
