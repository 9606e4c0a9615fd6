import type { GroupShare } from './broker.ts'

/**
 * The bytes that members of a `consumer` group exchange through the coordinator, in version 0 of Kafka's own schema, so
 * that `kafka-consumer-groups` and other clients can read who owns what.
 */
const VERSION = 0
const NOTHING = Buffer.alloc(0)

export interface Subscription {
  readonly topics: readonly string[]
  readonly userData: Buffer
}

export function encodeSubscription({ topics, userData }: Subscription): Buffer {
  return Buffer.concat([
    int16(VERSION),
    int32(topics.length),
    ...topics.map(string),
    int32(userData.length),
    userData,
  ])
}

export function decodeSubscription(bytes: Buffer): Subscription {
  const reader = new Cursor(bytes)
  reader.int16()
  const topics = Array.from({ length: reader.int32() }, () => reader.string())
  return { topics, userData: reader.bytes() }
}

export function encodeAssignment({ partitions, userData = NOTHING }: GroupShare): Buffer {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    topics.set(topic, [...(topics.get(topic) ?? []), partition])
  }
  return Buffer.concat([
    int16(VERSION),
    int32(topics.size),
    ...[...topics].flatMap(([topic, list]) => [
      string(topic),
      int32(list.length),
      ...list.map(int32),
    ]),
    int32(userData.length),
    userData,
  ])
}

export function decodeAssignment(bytes: Buffer): GroupShare {
  if (bytes.length === 0) return { partitions: [] }
  const reader = new Cursor(bytes)
  reader.int16()
  const topics = Array.from({ length: reader.int32() }, () => {
    const topic = reader.string()
    return Array.from({ length: reader.int32() }, () => ({ topic, partition: reader.int32() }))
  })
  return { partitions: topics.flat(), userData: reader.bytes() }
}

class Cursor {
  readonly #bytes: Buffer
  #position = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int16(): number {
    this.#position += 2
    return this.#bytes.readInt16BE(this.#position - 2)
  }

  int32(): number {
    this.#position += 4
    return this.#bytes.readInt32BE(this.#position - 4)
  }

  string(): string {
    return this.#take(this.int16()).toString('utf8')
  }

  bytes(): Buffer {
    return this.#take(Math.max(this.int32(), 0))
  }

  #take(length: number): Buffer {
    this.#position += length
    return this.#bytes.subarray(this.#position - length, this.#position)
  }
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  return Buffer.concat([int16(bytes.length), bytes])
}
