import type { Serde } from './serde.ts'
import { SerdeFault } from './serde-fault.ts'

/** What the owner of a foreign key asks of the table that the key is of. Numbers as Kafka Streams writes them. */
export const instruction = {
  deleteSilently: 0,
  deleteAndAnswer: 1,
  /** The owner may have had another answer before. */
  answerAlways: 2,
  answerIfFound: 3,
} as const

export type Instruction = (typeof instruction)[keyof typeof instruction]

/** A row of the left table tells a row of the right one, by whose key it travels, that it wants to know its value. */
export interface Subscription {
  /** Of the left value; null if it is gone. By it an answer that came too late is known. */
  readonly hash: Buffer | null
  readonly instruction: Instruction
  /** Of the left row. */
  readonly primaryKey: Buffer
  /** Of the left row: where answers go. */
  readonly partition: number
}

/** What the right row answers, to the primary key. */
export interface SubscriptionResponse {
  /** The hash of the subscription. */
  readonly hash: Buffer | null
  /** null: there is none. */
  readonly value: unknown
  /** There was none before either, unless it was lost: an answer in case. */
  readonly isReminder?: boolean
  /** The owner has asked to be forgotten: it is told of nothing more. */
  readonly isFarewell?: boolean
  /** Not written: it is where the answer goes. */
  readonly partition?: number
}

const SUBSCRIPTION_VERSION = 1
const RESPONSE_VERSION = 0
const NO_HASH = 0x80
const REMINDER = 0x40
const FAREWELL = 0x20
const HASH_BYTES = 16
const PARTITION_BYTES = 4
const NOTHING = Buffer.alloc(0)

/** `version and whether there is no hash | instruction | hash | primary key | partition`, as Kafka Streams writes it. */
export const subscriptionSerde: Serde = {
  serialize(value) {
    const { hash, instruction: what, primaryKey, partition } = value as Subscription
    const tail = Buffer.alloc(PARTITION_BYTES)
    tail.writeInt32BE(partition)
    const version = versionByte(SUBSCRIPTION_VERSION, hash)
    return Buffer.concat([Buffer.of(version, what), hash ?? NOTHING, primaryKey, tail])
  },

  deserialize(bytes): Subscription {
    const version = bytes[0] ?? 0
    requireVersion(version, SUBSCRIPTION_VERSION)
    const { hash, rest } = hashAt(bytes.subarray(2), version)
    return {
      hash,
      instruction: (bytes[1] ?? 0) as Instruction,
      primaryKey: rest.subarray(0, -PARTITION_BYTES),
      partition: rest.readInt32BE(rest.length - PARTITION_BYTES),
    }
  },
}

/** `version and whether there is no hash | hash | value`, as Kafka Streams writes it, which knows neither mark. */
export const subscriptionResponseSerde = (values: Serde): Serde => ({
  serialize(response) {
    const { hash, value, isReminder, isFarewell } = response as SubscriptionResponse
    const marks = (isReminder === true ? REMINDER : 0) | (isFarewell === true ? FAREWELL : 0)
    const version = versionByte(RESPONSE_VERSION, hash) | marks
    const body = value === null ? NOTHING : values.serialize(value)
    return Buffer.concat([Buffer.of(version), hash ?? NOTHING, body])
  },

  deserialize(bytes): SubscriptionResponse {
    const version = bytes[0] ?? 0
    requireVersion(version & ~(REMINDER | FAREWELL), RESPONSE_VERSION)
    const { hash, rest } = hashAt(bytes.subarray(1), version)
    const value = rest.length === 0 ? null : values.deserialize(rest)
    return {
      hash,
      value,
      ...((version & REMINDER) !== 0 && { isReminder: true }),
      ...((version & FAREWELL) !== 0 && { isFarewell: true }),
    }
  },
})

const versionByte = (version: number, hash: Buffer | null): number =>
  hash === null ? version | NO_HASH : version

function hashAt(bytes: Buffer, version: number): { hash: Buffer | null; rest: Buffer } {
  if ((version & NO_HASH) !== 0) return { hash: null, rest: bytes }
  return { hash: bytes.subarray(0, HASH_BYTES), rest: bytes.subarray(HASH_BYTES) }
}

function requireVersion(byte: number, expected: number): void {
  const version = byte & ~NO_HASH
  if (version === expected) return
  throw new SerdeFault(
    'UnknownVersion',
    `a subscription of a foreign key has version ${version}, where this job knows ${expected}`,
  )
}
