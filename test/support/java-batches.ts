import { readFileSync } from 'node:fs'
import { type Compression, compressions } from '../../runtime/broker/compression.ts'

const file = new URL('../fixtures/java-batches.json', import.meta.url)

/** `fixtureRecords` as Kafka's Java client writes them with each codec. */
export function javaBatches(): ReadonlyMap<Compression, Buffer> {
  const written = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, string>>
  return new Map(compressions.map((codec) => [codec, Buffer.from(written[codec] ?? '', 'base64')]))
}
