import { parseArgs } from 'node:util'
import { BatchSender } from './batch-sender.ts'
import { PARTITIONS } from './topics.ts'
import { connect, fetchBatches } from './wire.ts'

/**
 * A process that copies a topic's record batches as they are to another: no decoding, no commits, nothing per record. What a
 * runtime in this language could reach at best if batches stay as they came.
 */
const BASE_OFFSET_BYTES = 8
const LENGTH_AT = 8
const LAST_OFFSET_DELTA_AT = 23
const HEADER_BYTES = 61
const LENGTH_OVERHEAD = 12

async function copy(bootstrap: string, input: string, output: string): Promise<void> {
  const reading = await connect(bootstrap)
  const sender = new BatchSender(await connect(bootstrap), output)
  const positions = new Map(Array.from({ length: PARTITIONS }, (_, partition) => [partition, 0]))
  for (;;) {
    for (const { partition, bytes } of await fetchBatches(reading, input, positions)) {
      for (const batch of wholeBatches(bytes)) {
        positions.set(partition, nextOffset(batch))
        // A producer's batch starts at 0; the field lies before what the CRC covers.
        batch.fill(0, 0, BASE_OFFSET_BYTES)
        sender.send({ partition, bytes: batch })
      }
    }
    await sender.room()
  }
}

function* wholeBatches(bytes: Buffer): Generator<Buffer> {
  let start = 0
  while (bytes.length - start >= HEADER_BYTES) {
    const end = start + LENGTH_OVERHEAD + bytes.readInt32BE(start + LENGTH_AT)
    if (end > bytes.length) return
    yield bytes.subarray(start, end)
    start = end
  }
}

const nextOffset = (batch: Buffer): number =>
  Number(batch.readBigInt64BE(0)) + batch.readInt32BE(LAST_OFFSET_DELTA_AT) + 1

const { bootstrap, input, output } = parseArgs({
  options: {
    bootstrap: { type: 'string', default: '' },
    input: { type: 'string', default: '' },
    output: { type: 'string', default: '' },
  },
}).values
await copy(bootstrap, input, output)
