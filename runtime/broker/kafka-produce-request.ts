import { type Reader, Writer } from '@platformatic/kafka'
import type { TopicPartition } from './broker.ts'
import { answered, asBrokerError } from './kafka-call.ts'
import type { KafkaSocket } from './kafka-socket.ts'

/** Produce v7: takes zstd, has fixed-size headers. One batch for each partition, as the broker demands. */
const PRODUCE = { key: 0, version: 7 } as const
const ALL_IN_SYNC = -1
/** How much longer than the broker's own limit an answer may take. */
const NETWORK_MARGIN_MS = 5000

export interface ProducePart extends TopicPartition {
  readonly batch: Buffer
}

export interface ProduceAck extends TopicPartition {
  readonly errorCode: number
  /** Of the first record; -1 where the broker does not know it any more. */
  readonly baseOffset: number
}

export interface ProduceResponse {
  readonly acks: readonly ProduceAck[]
  /** How long the broker wants to hear nothing from this client. */
  readonly throttleMs: number
}

export interface ProduceRequest {
  readonly parts: readonly ProducePart[]
  /** Of the transaction that the batches are part of, if they are. */
  readonly transactionalId: string | null
  /** How long the broker may wait for its replicas. */
  readonly timeoutMs: number
}

/** Written to the socket before this returns. */
export async function produceRaw(
  connection: KafkaSocket,
  sent: ProduceRequest,
): Promise<ProduceResponse> {
  const request = new Promise<ProduceResponse>((resolve, reject) => {
    connection.send(
      PRODUCE.key,
      PRODUCE.version,
      () => encode(sent),
      (_correlation, _key, _version, reader) => decode(reader),
      false,
      false,
      (error, response) => {
        if (error !== null) reject(error)
        else resolve(response as ProduceResponse)
      },
    )
  })
  try {
    return await answered(connection, sent.timeoutMs + NETWORK_MARGIN_MS, request)
  } catch (error) {
    throw asBrokerError(error, 'produce')
  }
}

function encode({ parts, transactionalId, timeoutMs }: ProduceRequest): Writer {
  const topics = Map.groupBy(parts, ({ topic }) => topic)
  return Writer.create()
    .appendString(transactionalId, false)
    .appendInt16(ALL_IN_SYNC)
    .appendInt32(timeoutMs)
    .appendArray(
      [...topics],
      (writer, [topic, list]) =>
        writer
          .appendString(topic, false)
          .appendArray(
            list,
            (w, { partition, batch }) =>
              w.appendInt32(partition).appendInt32(batch.length).append(batch),
            false,
            false,
          ),
      false,
      false,
    )
}

function decode(reader: Reader): ProduceResponse {
  const acks: ProduceAck[] = []
  reader.readArray(
    (topicReader) => {
      const topic = topicReader.readString(false)
      topicReader.readArray(
        (r) => {
          const [partition, errorCode] = [r.readInt32(), r.readInt16()]
          acks.push({ topic, partition, errorCode, baseOffset: Number(r.readInt64()) })
          r.readInt64() // log append time
          r.readInt64() // log start offset
        },
        false,
        false,
      )
    },
    false,
    false,
  )
  return { acks, throttleMs: reader.readInt32() }
}
