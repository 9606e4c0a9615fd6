import type { Broker, Fetcher } from '../runtime/broker/broker.ts'
import { recordsOf } from '../runtime/broker/fetched-records.ts'

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
    return fetched.flatMap((part) =>
      recordsOf(part).map(({ key, value, headers, ...place }) => ({
        topic: part.topic,
        ...place,
        key: key?.toString() ?? null,
        value: value?.toString().slice(0, MAX_VALUE_CHARS) ?? null,
        headers: Object.fromEntries(headers.map(([name, text]) => [name, text?.toString() ?? ''])),
      })),
    )
  }

  async close(): Promise<void> {
    await this.#fetcher.close()
    await this.#broker.close()
  }
}
