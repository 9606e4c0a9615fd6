import type { Broker, Fetcher } from '../runtime/broker/broker.ts'
import { headersAt, keyAt, valueAt } from '../runtime/broker/record-batch.ts'

/** A record as people read it. */
export interface TailRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: Readonly<Record<string, string>>
}

const MAX_VALUE_CHARS = 500
const MAX_BYTES = 1 << 20

/** Reads new records of some topics, for a person to watch. */
export class TopicTail {
  readonly #broker: Broker
  readonly #fetcher: Fetcher
  readonly #following = new Set<string>()

  constructor(broker: Broker) {
    this.#broker = broker
    this.#fetcher = broker.fetcher({ maxBytes: MAX_BYTES })
  }

  /** Follows the topic from now on; one that does not exist yet may be asked for again. */
  async follow(topic: string): Promise<void> {
    if (this.#following.has(topic)) return
    const found = (await this.#broker.admin.describeTopics([topic])).get(topic)
    if (found === undefined) return
    this.#following.add(topic)
    const partitions = Array.from({ length: found.partitions }, (_, partition) => ({
      topic,
      partition,
    }))
    for (const end of await this.#broker.admin.listOffsets(partitions, 'latest'))
      this.#fetcher.assign(end)
  }

  async read(maxWaitMs: number): Promise<TailRecord[]> {
    const fetched = await this.#fetcher.poll(maxWaitMs)
    return fetched.flatMap(({ topic, partition, position, batches }) =>
      batches.flatMap((batch) => {
        const columns = batch.columns()
        return Array.from({ length: columns.count }, (_, index) => ({
          topic,
          partition,
          offset: batch.baseOffset + (columns.offsetDelta[index] ?? 0),
          timestamp: batch.timestamp(columns, index),
          key: keyAt(columns, index)?.toString('utf8') ?? null,
          value: valueAt(columns, index)?.toString('utf8').slice(0, MAX_VALUE_CHARS) ?? null,
          headers: Object.fromEntries(
            headersAt(columns, index).map(([name, value]) => [name, value?.toString('utf8') ?? '']),
          ),
        })).filter(({ offset }) => offset >= position)
      }),
    )
  }

  async close(): Promise<void> {
    await this.#fetcher.close()
    await this.#broker.close()
  }
}
