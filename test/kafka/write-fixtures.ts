import { writeFileSync } from 'node:fs'
import { fixtureRecords } from '../support/sample-records.ts'
import { JavaClients, type Codec } from './java-clients.ts'

/** Writes what the unit suite, which has no Java, keeps of Java: run `node test/kafka/write-fixtures.ts`. */
const java = await JavaClients.start([], console.log)
const codecs: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const batches = await Promise.all(
  codecs.map(async (codec) => [
    codec,
    (await java.encode(codec, fixtureRecords)).toString('base64'),
  ]),
)
java.stop()
writeFileSync(
  new URL('../fixtures/java-batches.json', import.meta.url),
  `${JSON.stringify(Object.fromEntries(batches), null, 2)}\n`,
)
