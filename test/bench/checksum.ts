import { crc32 } from 'node:zlib'
import type { Connection } from '@platformatic/kafka'
import type { Compression } from '../../runtime/broker/compression.ts'
import { keyAt, splitBatches, valueAt } from '../../runtime/broker/record-batch.ts'
import { PARTITIONS } from './topics.ts'
import { connect, fetchBatches, type PartitionBytes } from './wire.ts'

/** What a run wrote, whatever the order of its records. */
export interface OutputDigest {
  /** By topic, then added up: a record in the wrong topic or partition changes it. */
  readonly checksum: string
  readonly checked: number
  /** Codecs of the batches written. */
  readonly codecs: readonly Compression[]
}

export async function digestOf(
  bootstrapServer: string,
  topics: readonly string[],
): Promise<OutputDigest> {
  const digest = new Digest()
  const connection = await connect(bootstrapServer)
  for (const [index, topic] of topics.entries()) {
    await readThrough(connection, topic, ({ partition, bytes }) =>
      digest.add(`${index}-${partition}`, bytes),
    )
  }
  await connection.close()
  return digest.result()
}

/** Reads a topic to its end. `visit` returns where to go on. */
async function readThrough(
  connection: Connection,
  topic: string,
  visit: (found: PartitionBytes) => number | undefined,
): Promise<void> {
  const positions = new Map(Array.from({ length: PARTITIONS }, (_, partition) => [partition, 0]))
  for (;;) {
    const fetched = await fetchBatches(connection, topic, positions)
    if (fetched.length === 0) return
    for (const found of fetched) {
      const next = visit(found)
      if (next !== undefined) positions.set(found.partition, next)
    }
  }
}

class Digest {
  readonly #codecs = new Set<Compression>()
  #sum = 0n
  #checked = 0

  /** Returns the position after the whole batches, if there is one. */
  add(place: string, bytes: Buffer): number | undefined {
    let position: number | undefined
    for (const batch of splitBatches(bytes)) {
      position = batch.nextOffset
      this.#codecs.add(batch.compression)
      const columns = batch.columns()
      for (let index = 0; index < columns.count; index++) {
        const keyHash = crc32(keyAt(columns, index) ?? '')
        this.#addRecord(place, keyHash, valueAt(columns, index))
      }
    }
    return position
  }

  result(): OutputDigest {
    const checksum = (this.#sum & 0xffff_ffff_ffff_ffffn).toString(16).padStart(16, '0')
    return { checksum, checked: this.#checked, codecs: [...this.#codecs].sort() }
  }

  /** The same number may be written as 5, 5.0 or 5e0: values count as what they say. */
  #addRecord(place: string, keyHash: number, value: Buffer | null): void {
    const said = value === null ? '' : JSON.stringify(JSON.parse(value.toString()))
    const hash = crc32(`${place} ${said}`, keyHash)
    this.#sum += BigInt(hash) * BigInt(hash | 1)
    this.#checked++
  }
}
