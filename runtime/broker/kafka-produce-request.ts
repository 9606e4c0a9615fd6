import { type Connection, type Reader, Writer } from '@platformatic/kafka'
import type { TopicPartition } from './broker.ts'
import { asBrokerError } from './kafka-call.ts'

/** Produce v7: takes zstd, has fixed-size headers. One batch for each partition, as the broker demands. */
const PRODUCE = { key: 0, version: 7 } as const
const ALL_IN_SYNC = -1

export interface ProducePart extends TopicPartition {
  readonly batch: Buffer
}

export interface ProduceAck extends TopicPartition {
  readonly errorCode: number
}

export function produceRaw(
  connection: Connection,
  parts: readonly ProducePart[],
  timeoutMs: number,
): Promise<readonly ProduceAck[]> {
  return new Promise((resolve, reject) => {
    connection.send(
      PRODUCE.key,
      PRODUCE.version,
      () => encode(parts, timeoutMs),
      (_correlation, _key, _version, reader) => decode(reader),
      false,
      false,
      (error, acks) => {
        if (error !== null) reject(asBrokerError(error, 'produce'))
        else resolve(acks as readonly ProduceAck[])
      },
    )
  })
}

function encode(parts: readonly ProducePart[], timeoutMs: number): Writer {
  const topics = new Map<string, ProducePart[]>()
  for (const part of parts) topics.set(part.topic, [...(topics.get(part.topic) ?? []), part])
  return Writer.create()
    .appendString(null, false) // no transaction
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

function decode(reader: Reader): readonly ProduceAck[] {
  const acks: ProduceAck[] = []
  reader.readArray(
    (topicReader) => {
      const topic = topicReader.readString(false)
      topicReader.readArray(
        (r) => {
          acks.push({ topic, partition: r.readInt32(), errorCode: r.readInt16() })
          r.readInt64() // base offset
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
  return acks
}
