import type { Intercept } from '../support/tcp-proxy.ts'

/** Enough of Kafka's wire format to answer in a broker's place. */
export const PRODUCE = 0
export const ADD_PARTITIONS_TO_TXN = 24
export const END_TXN = 26

const SIZE_BYTES = 4

export const apiKeyOf = (request: Buffer): number => request.readInt16BE(SIZE_BYTES)

/**
 * Answers the next produce requests (v7, for one partition) with these error codes, without the broker seeing them; then
 * lets everything pass.
 */
export function refuseProduce(
  { topic, partition }: { readonly topic: string; readonly partition: number },
  codes: readonly number[],
): Intercept {
  const left = [...codes]
  return (request) => {
    if (apiKeyOf(request) !== PRODUCE) return undefined
    const code = left.shift()
    return code === undefined
      ? undefined
      : produceResponse(request.readInt32BE(SIZE_BYTES + 4), topic, partition, code)
  }
}

function produceResponse(
  correlationId: number,
  topic: string,
  partition: number,
  code: number,
): Buffer {
  const name = Buffer.from(topic)
  const body = Buffer.alloc(4 + 4 + 2 + name.length + 4 + 4 + 2 + 8 * 3 + 4)
  let at = body.writeInt32BE(correlationId, 0)
  at = body.writeInt32BE(1, at)
  at = body.writeInt16BE(name.length, at)
  at += name.copy(body, at)
  at = body.writeInt32BE(1, at)
  at = body.writeInt32BE(partition, at)
  body.writeInt16BE(code, at)
  const size = Buffer.alloc(SIZE_BYTES)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}
