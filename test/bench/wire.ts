import { type Reader, Writer } from '@platformatic/kafka'
import { KafkaSocket } from '../../runtime/broker/kafka-socket.ts'

/**
 * Whole record batches to and from a broker, nothing decoded. The bench's own few lines, so that what it loads, copies and
 * checks does not pass through what it measures, but for the socket: a ceiling is no lower than what stands below it. One broker leads every partition here.
 */
const FETCH = { key: 1, version: 11 } as const
const PRODUCE = { key: 0, version: 7 } as const

const MAX_WAIT_MS = 100
const FETCH_BYTES = 8 * 1024 * 1024
const PARTITION_BYTES = 2 * 1024 * 1024
const READ_COMMITTED = 1
const ALL_IN_SYNC = -1
const TIMEOUT_MS = 30_000

export interface PartitionBytes {
  readonly partition: number
  readonly bytes: Buffer
}

export async function connect(bootstrapServer: string): Promise<KafkaSocket> {
  const [host = '', port] = bootstrapServer.split(':')
  const connection = new KafkaSocket({ clientId: 'bench', host, port: Number(port) })
  await connection.opened()
  return connection
}

interface Call<T> {
  readonly key: number
  readonly version: number
  readonly request: () => Writer
  readonly parse: (reader: Reader) => T
}

const call = <T>(connection: KafkaSocket, { key, version, request, parse }: Call<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    connection.send(
      key,
      version,
      request,
      (_correlation, _key, _version, reader) => parse(reader),
      false,
      false,
      (error, response) => {
        if (error !== null) reject(error)
        else resolve(response as T)
      },
    )
  })

/** Record batches from each partition's position on; the last one may be cut short. */
export function fetchBatches(
  connection: KafkaSocket,
  topic: string,
  positions: ReadonlyMap<number, number>,
): Promise<readonly PartitionBytes[]> {
  const request = () =>
    Writer.create()
      .appendInt32(-1) // replica id: a consumer
      .appendInt32(MAX_WAIT_MS)
      .appendInt32(1)
      .appendInt32(FETCH_BYTES)
      .appendInt8(READ_COMMITTED)
      .appendInt32(0) // no fetch session
      .appendInt32(-1)
      .appendInt32(1)
      .appendString(topic, false)
      .appendArray(
        [...positions],
        (writer, [partition, offset]) =>
          writer
            .appendInt32(partition)
            .appendInt32(-1) // leader epoch: unknown
            .appendInt64(BigInt(offset))
            .appendInt64(-1n) // log start: not a follower
            .appendInt32(PARTITION_BYTES),
        false,
        false,
      )
      .appendInt32(0) // forgotten topics
      .appendString('', false) // rack
  return call(connection, { ...FETCH, request, parse: parseFetch })
}

function parseFetch(reader: Reader): readonly PartitionBytes[] {
  reader.readInt32() // throttle time
  failOn('fetch', reader.readInt16())
  reader.readInt32() // session id
  const found: PartitionBytes[] = []
  eachPartition(reader, (r) => {
    const partition = r.readInt32()
    failOn(`fetch of partition ${partition}`, r.readInt16())
    r.skip(24) // high watermark, last stable offset, log start offset
    r.readNullableArray((aborted) => aborted.skip(16), false, false)
    r.readInt32() // preferred replica
    const size = r.readInt32()
    if (size <= 0) return
    found.push({ partition, bytes: r.buffer.slice(r.position, r.position + size) })
    r.skip(size)
  })
  return found
}

/** At most one batch for each partition, as the broker demands. Resolves once all in-sync replicas have them. */
export function produceBatches(
  connection: KafkaSocket,
  topic: string,
  batches: readonly PartitionBytes[],
): Promise<void> {
  const request = () =>
    Writer.create()
      .appendString(null, false) // no transaction
      .appendInt16(ALL_IN_SYNC)
      .appendInt32(TIMEOUT_MS)
      .appendInt32(1)
      .appendString(topic, false)
      .appendArray(
        [...batches],
        (writer, { partition, bytes }) =>
          writer.appendInt32(partition).appendInt32(bytes.length).append(bytes),
        false,
        false,
      )
  return call(connection, { ...PRODUCE, request, parse: parseProduce })
}

function parseProduce(reader: Reader): void {
  eachPartition(reader, (r) => {
    const partition = r.readInt32()
    failOn(`produce to partition ${partition}`, r.readInt16())
    r.skip(24) // base offset, log append time, log start offset
  })
}

function eachPartition(reader: Reader, visit: (reader: Reader) => void): void {
  reader.readArray(
    (topicReader) => {
      topicReader.readString(false)
      topicReader.readArray(visit, false, false)
    },
    false,
    false,
  )
}

function failOn(what: string, errorCode: number): void {
  if (errorCode !== 0) throw new Error(`${what} failed with Kafka's error code ${errorCode}`)
}
