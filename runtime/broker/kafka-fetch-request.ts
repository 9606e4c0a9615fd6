import { type Connection, type Reader, Writer } from '@platformatic/kafka'
import { asBrokerError } from './kafka-call.ts'

/** Fetch v11, the last version that names topics and has fixed-size headers; records stay one slice of the socket's buffer. */
const FETCH = { key: 1, version: 11 } as const

const READ_COMMITTED = 1
const MIN_BYTES = 1

export interface FetchRequest {
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly { readonly partition: number; readonly offset: number }[]
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
  readonly records: Buffer
}

export interface FetchResponse {
  readonly errorCode: number
  readonly parts: readonly FetchResponsePart[]
}

export function fetchRaw(connection: Connection, request: FetchRequest): Promise<FetchResponse> {
  return new Promise((resolve, reject) => {
    connection.send(
      FETCH.key,
      FETCH.version,
      () => encode(request),
      (_correlation, _key, _version, reader) => decode(reader),
      false,
      false,
      (error, response) => {
        if (error !== null) reject(asBrokerError(error, 'fetch'))
        else resolve(response as FetchResponse)
      },
    )
  })
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
          (w, { partition, offset }) =>
            w
              .appendInt32(partition)
              .appendInt32(-1) // leader epoch: unknown
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
  reader.readInt32() // throttle time: the broker has already waited
  const errorCode = reader.readInt16()
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
  return { errorCode, parts }
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
  const size = reader.readInt32()
  const records = size > 0 ? reader.buffer.slice(reader.position, reader.position + size) : EMPTY
  if (size > 0) reader.skip(size)
  return { topic, partition, errorCode, lastStableOffset, aborted: aborted ?? [], records }
}

const EMPTY = Buffer.alloc(0)
