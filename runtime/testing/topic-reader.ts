import type { Broker, Fetcher } from '../broker/broker.ts'
import { type FetchedRecord, recordsOf } from '../broker/fetched-records.ts'

const POLL_BYTES = 16 * 1024 * 1024

/** A consumer of topics from their beginning, which keeps what nobody has taken yet. */
export class TopicReader {
  readonly #broker: Broker
  readonly #fetcher: Fetcher
  readonly #untaken = new Map<string, FetchedRecord[]>()

  constructor(broker: Broker) {
    this.#broker = broker
    this.#fetcher = broker.fetcher({ maxBytes: POLL_BYTES })
  }

  /** Topics that are followed. */
  get topics(): readonly string[] {
    return [...this.#untaken.keys()]
  }

  async follow(topics: readonly string[]): Promise<void> {
    const found = await this.#broker.admin.describeTopics(topics)
    for (const { name, partitions } of found.values()) {
      if (this.#untaken.has(name)) continue
      this.#untaken.set(name, [])
      for (let partition = 0; partition < partitions; partition++)
        this.#fetcher.assign({ topic: name, partition, offset: 0 })
    }
  }

  /** Reads on to the end of each topic. */
  async readOn(): Promise<void> {
    for (;;) {
      const fetched = await this.#fetcher.poll(0)
      if (fetched.length === 0) return
      for (const part of fetched) this.#untaken.get(part.topic)?.push(...recordsOf(part))
    }
  }

  /** What came since the last time; undefined for a topic that is not followed. */
  take(topic: string): readonly FetchedRecord[] | undefined {
    const taken = this.#untaken.get(topic)
    if (taken !== undefined) this.#untaken.set(topic, [])
    return taken
  }

  close(): Promise<void> {
    return this.#fetcher.close()
  }
}
