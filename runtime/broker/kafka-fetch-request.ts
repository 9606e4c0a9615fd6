import { type Reader, Writer } from '@platformatic/kafka'
import { answered, asBrokerError } from './kafka-call.ts'
import type { KafkaSocket } from './kafka-socket.ts'

/** Fetch v11, the last version that names topics and has fixed-size headers; records stay a slice of the answer. */
const FETCH = { key: 1, version: 11 } as const

const READ_COMMITTED = 1
const MIN_BYTES = 1
/** How much longer than the long poll an answer may take: a cold disk, a pause of the broker. */
const ANSWER_MARGIN_MS = 10_000

export interface FetchRequest {
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly {
      readonly partition: number
      readonly offset: number
      /** -1: unknown. A broker that knows another one refuses, so that nobody reads from a deposed leader. */
      readonly leaderEpoch: number
    }[]
  }[]
}

export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

export interface FetchResponsePart {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly lastStableOffset: number
  readonly aborted: readonly AbortedTransaction[]
  /** Record batches; the last one may be cut off. */
  readonly records: Buffer
}

export interface FetchResponse {
  /** How long the broker wants to hear nothing from this client. */
  readonly throttleMs: number
  readonly parts: readonly FetchResponsePart[]
}

export async function fetchRaw(
  connection: KafkaSocket,
  request: FetchRequest,
): Promise<FetchResponse> {
  const response = new Promise<FetchResponse>((resolve, reject) => {
    connection.send(
      FETCH.key,
      FETCH.version,
      () => encode(request),
      (_correlation, _key, _version, reader) => decode(reader),
      false,
      false,
      (error, decoded) => {
        if (error !== null) reject(error)
        else resolve(decoded as FetchResponse)
      },
    )
  })
  try {
    return await answered(connection, request.maxWaitMs + ANSWER_MARGIN_MS, response)
  } catch (error) {
    throw asBrokerError(error, 'fetch')
  }
}

function encode({ maxWaitMs, maxBytes, topics }: FetchRequest): Writer {
  return Writer.create()
    .appendInt32(-1) // replica id: a consumer
    .appendInt32(maxWaitMs)
    .appendInt32(MIN_BYTES)
    .appendInt32(maxBytes)
    .appendInt8(READ_COMMITTED)
    .appendInt32(0) // no fetch session
    .appendInt32(-1)
    .appendArray(
      [...topics],
      (writer, topic) =>
        writer.appendString(topic.name, false).appendArray(
          [...topic.partitions],
          (w, { partition, offset, leaderEpoch }) =>
            w
              .appendInt32(partition)
              .appendInt32(leaderEpoch)
              .appendInt64(BigInt(offset))
              .appendInt64(-1n) // log start: not a follower
              .appendInt32(maxBytes),
          false,
          false,
        ),
      false,
      false,
    )
    .appendInt32(0) // forgotten topics
    .appendString('', false) // rack
}

function decode(reader: Reader): FetchResponse {
  const throttleMs = reader.readInt32()
  reader.readInt16() // an error of the fetch session, and there is none
  reader.readInt32() // session id
  const parts: FetchResponsePart[] = []
  reader.readArray(
    (topicReader) => {
      const topic = topicReader.readString(false)
      topicReader.readArray((r) => void parts.push(decodePart(r, topic)), false, false)
    },
    false,
    false,
  )
  return { throttleMs, parts }
}

function decodePart(reader: Reader, topic: string): FetchResponsePart {
  const partition = reader.readInt32()
  const errorCode = reader.readInt16()
  reader.readInt64() // high watermark
  const lastStableOffset = Number(reader.readInt64())
  reader.readInt64() // log start offset
  const aborted = reader.readNullableArray(
    (r) => ({ producerId: r.readInt64(), firstOffset: Number(r.readInt64()) }),
    false,
    false,
  )
  reader.readInt32() // preferred read replica
  const size = Math.max(reader.readInt32(), 0)
  const records = reader.buffer.slice(reader.position, reader.position + size)
  reader.skip(size)
  return { topic, partition, errorCode, lastStableOffset, aborted: aborted ?? [], records }
}
