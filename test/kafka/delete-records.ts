import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PartitionOffset } from '../../runtime/broker/broker.ts'
import type { RunningKafka } from './kafka.ts'

/** Deletes what lies before an offset, as retention does. */
export async function deleteRecordsBefore(kafka: RunningKafka, at: PartitionOffset): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-delete-'))
  const file = join(dir, 'offsets.json')
  writeFileSync(file, JSON.stringify({ version: 1, partitions: [at] }))
  const bootstrap = ['--bootstrap-server', kafka.bootstrapServers.join(',')]
  await kafka.javaTool('org.apache.kafka.tools.DeleteRecordsCommand', [
    ...bootstrap,
    '--offset-json-file',
    file,
  ])
  rmSync(dir, { recursive: true })
}
