import type {
  FetchedPartition,
  Fetcher,
  PartitionOffset,
  TopicPartition,
} from '../broker/broker.ts'
import { partitionKey } from '../broker/partition-key.ts'
import { keyAt, type RecordBatch, type RecordColumns, valueAt } from '../broker/record-batch.ts'
import type { BadRecord } from '../errors.ts'
import { asBadRecord } from '../processors/as-bad-record.ts'
import type { GlobalRows } from '../processors/processor-of.ts'
import { type Serde, serdes } from '../serde/serde.ts'
import { ByteKeyValueStore } from '../state/byte-key-value-store.ts'
import type { GlobalTableNode } from '../topology/global-nodes.ts'
import { globalTablesIn } from '../topology/sub-topologies.ts'
import type { Counts } from './partition-counts.ts'
import type { WorkerOptions } from './worker-options.ts'
import { failureOf, fateOf } from './error-policy.ts'
import { countDropped } from './tally.ts'

type GlobalTablesOptions = Pick<
  WorkerOptions,
  'broker' | 'subTopologies' | 'config' | 'tally' | 'log'
>

interface Table {
  readonly node: GlobalTableNode
  readonly store: ByteKeyValueStore
  readonly keySerde: Serde
  readonly valueSerde: Serde
}

/**
 * A thread's copies of global tables: all partitions of their topics, read from the start and outside of the group. They have
 * no changelog, and their updates make nothing happen.
 */
export class GlobalTables {
  readonly #options: GlobalTablesOptions
  readonly #fetcher: Fetcher
  readonly #tables: ReadonlyMap<string, Table>
  readonly #followed = new Set<string>()
  /** Where the partitions ended that were begun last, as long as they are not read up to there. */
  #ends: readonly PartitionOffset[] = []

  /** `fetcher`: of the worker, which reads them beside the partitions of its tasks. */
  constructor(options: GlobalTablesOptions, fetcher: Fetcher) {
    this.#options = options
    this.#fetcher = fetcher
    const nodes = globalTablesIn(options.subTopologies)
    this.#tables = new Map(nodes.map((node) => [node.topic, tableOf(node)]))
  }

  /** Throws if there is no such table. */
  rows(name: string): GlobalRows {
    const table = [...this.#tables.values()].find(({ node }) => node.name === name)
    if (table === undefined) throw new Error(`there is no global table ${name}`)
    const { store, keySerde } = table
    return { get: (key) => store.get(keySerde.serialize(key)) }
  }

  /**
   * Begins with partitions that are new, and reads up to where they end now; `poll` may bring anything. False when `interrupted`
   * came first: the next call goes on there.
   */
  async catchUp(
    counts: Counts,
    poll: () => Promise<readonly FetchedPartition[]>,
    interrupted: () => boolean,
  ): Promise<boolean> {
    await this.#begin(this.#partitions(counts))
    while (this.#ends.some((end) => this.#isBefore(end))) {
      if (interrupted()) return false
      for (const fetched of await poll()) this.take(fetched)
    }
    this.#ends = []
    return true
  }

  /** False for a partition that is of none of them. Throws `BadRecord` where the job is to stop at one. */
  take(fetched: FetchedPartition): boolean {
    const table = this.#tables.get(fetched.topic)
    if (table === undefined) return false
    for (const batch of fetched.batches) this.#apply(table, fetched, batch)
    return true
  }

  #partitions(counts: Counts): readonly TopicPartition[] {
    return [...this.#tables.keys()]
      .flatMap((topic) =>
        Array.from({ length: counts.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
      )
      .filter((partition) => !this.#followed.has(partitionKey(partition)))
  }

  async #begin(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return
    const { admin } = this.#options.broker
    const starts = await admin.listOffsets(partitions, 'earliest')
    this.#ends = [...this.#ends, ...(await admin.listOffsets(partitions, 'latest'))]
    for (const start of starts) {
      this.#fetcher.assign(start)
      this.#followed.add(partitionKey(start))
    }
  }

  #isBefore(end: PartitionOffset): boolean {
    return (this.#fetcher.position(end) ?? end.offset) < end.offset
  }

  #apply(table: Table, from: TopicPartition, batch: RecordBatch): void {
    const columns = batch.columns()
    for (let index = 0; index < columns.count; index++) {
      const timestamp = batch.timestamp(columns, index)
      try {
        this.#put(table, columns, index, timestamp)
      } catch (error) {
        const offset = batch.baseOffset + (columns.offsetDelta[index] ?? 0)
        this.#settle({ ...from, offset }, asBadRecord(error, table.node.name))
      }
    }
  }

  #put(table: Table, columns: RecordColumns, index: number, timestamp: number): void {
    const { node, store, valueSerde } = table
    const key = keyAt(columns, index)
    const value = valueAt(columns, index)
    // What cannot be read is to show now, not when a record asks for it.
    if (key !== null && value !== null) valueSerde.deserialize(value)
    if (key !== null) return store.restore({ key, value, timestamp })
    countDropped(this.#options.tally, node.name, 'null-key')
  }

  /** Read again by each thread at each start, a record would be a dead letter again each time: it is skipped. */
  #settle(at: PartitionOffset, error: BadRecord): void {
    const { config, tally, log } = this.#options
    const { topic, partition, offset } = at
    if (fateOf(config.onError, at) === 'fail') throw failureOf(at, error)
    tally.skipped++
    log.warn('skips a record of a global table', { topic, partition, offset, why: error.message })
  }
}

const tableOf = (node: GlobalTableNode): Table => ({
  node,
  store: new ByteKeyValueStore(node.name, serdes[node.format]),
  keySerde: serdes[node.keyFormat],
  valueSerde: serdes[node.format],
})
