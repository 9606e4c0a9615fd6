import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { stateConditions } from './conditions.ts'
import { ENDURANCE_RECORD_BYTES } from './endurance.ts'
import type { LatencyRow } from './latency.ts'
import { ROW_BYTES } from './recovery.ts'
import { isWithState, merged, type Results } from './results.ts'
import { stateTopologies } from './state-topologies.ts'
import {
  asMarkdown,
  enduranceTable,
  latencyTable,
  layersTable,
  rawCopyTable,
  recoveryTable,
  stateTable,
  type Table,
  throughputTable,
} from './table.ts'
import { topologies } from './topologies.ts'
import type { BenchTopology } from './topology.ts'

const DOCS = join(import.meta.dirname, '..', '..', 'docs')
const REPORT = join(DOCS, 'performance.md')
/** What the report is made of, so that a later run may renew a part of it. */
const RECORD = join(DOCS, 'performance.json')

interface Measurements {
  readonly conditions: readonly string[]
  readonly results: Results
}

/** Throws where a part that is measured under these conditions would replace a report of others. */
export function refusePartOfOther(conditions: readonly string[]): void {
  const others = conditions.filter((one) => lastMeasured()?.conditions.includes(one) === false)
  if (others.length === 0) return
  throw new Error(
    `${REPORT} was measured under other conditions, so a part of it cannot be renewed: measure all, or remove ${RECORD} first. What is other now:\n${others.join('\n')}`,
  )
}

/** Renews what was measured. Under other conditions than those of the last report, that one is dropped. */
export async function writeReport(measured: Measurements, date: Date): Promise<string> {
  const { conditions } = measured
  const known = lastMeasured()
  const isComparable = known?.conditions.join() === conditions.join()
  const results = isComparable ? merged(known.results, measured.results) : measured.results
  await write(RECORD, JSON.stringify({ conditions, results }))
  await write(REPORT, reportOf(results, conditions, date))
  return REPORT
}

const lastMeasured = (): Measurements | undefined =>
  existsSync(RECORD) ? (JSON.parse(readFileSync(RECORD, 'utf8')) as Measurements) : undefined

async function write(file: string, text: string): Promise<void> {
  const config = await resolveConfig(file)
  writeFileSync(file, await format(text, { ...config, filepath: file }))
}

export function reportOf(results: Results, conditions: readonly string[], date: Date): string {
  return [
    '# Performance',
    `Written by \`npm run bench\` on ${date.toISOString().slice(0, 10)}; not edited by hand. Run it on your own machine: figures of another one say little, ratios a little more.`,
    '## Conditions',
    list(conditions),
    ...section(
      'Throughput',
      'Input records, of JSON values of the given size. A ratio is Millrace over Kafka Streams: more is better for records per second and per CPU-second, less is better for memory (peak resident size). Both sides ran on the same input; what they made of its like was compared record by record before. Of what they write, the last 256 MiB of each partition are kept.',
      throughputTable(results.rows.filter((row) => !isWithState(row))),
    ),
    legend(topologies),
    ...stateSection(results),
    ...section(
      'Raw copy',
      'A process that copies the same batches to another topic without looking into them, as a ceiling for `pass-through`.',
      rawCopyTable(results.rawCopy),
    ),
    ...latencySection(results),
    ...section(
      'Endurance',
      `One job (\`projection\`, ${ENDURANCE_RECORD_BYTES} bytes) at full speed while its input is written: memory at the end of each minute, and the pauses of the garbage collector as a share of the CPU time. The last column is how fast the machine itself was at a fixed piece of work at that moment, where it began with 1.`,
      enduranceTable(results.endurance),
    ),
    ...section('Recovery', RECOVERY_INTRODUCTION, recoveryTable(results.recovery)),
    ...section(
      'Layers',
      'What each part of the way costs Millrace, alone and in one thread.',
      layersTable(results.layers),
    ),
  ].join('\n\n')
}

const section = (title: string, introduction: string, table: Table): readonly string[] =>
  table.rows.length === 0 ? [] : [`## ${title}`, introduction, asMarkdown(table)]

function stateSection({ rows }: Results): readonly string[] {
  const table = stateTable(rows.filter(isWithState))
  const introduction =
    'As above, of jobs that keep state by key. The store is that of Kafka Streams. What is different here:'
  return table.rows.length === 0
    ? []
    : ['## State', introduction, list(stateConditions), asMarkdown(table), legend(stateTopologies)]
}

const legend = (all: readonly BenchTopology[]) =>
  list(all.map(({ name, does }) => `\`${name}\`: ${does}`))

const list = (items: readonly string[]) => items.map((item) => `- ${item}`).join('\n')

const RECOVERY_INTRODUCTION = `\`table-join\` with a table of rows of ${ROW_BYTES} bytes, one instance with one thread, killed with \`kill -9\` once all is committed and on its disk; one run of each. Seconds are from the start of the process to its answer to the last of 100 payments in all four partitions, start-up included: with the files that it had, and with an empty disk, from the changelog. Kafka Streams has RocksDB; Millrace what a pod with this memory limit gets.`

const LATENCY_INTRODUCTION =
  'From the moment a record is due to its arrival at a consumer behind the job, which reads what is committed. Producer and consumer are processes of their own, the same for both sides; the last line of each case is what they take alone.'

const latencySection = ({ latency }: Results): readonly string[] =>
  latency.length === 0
    ? []
    : [
        '## Latency',
        LATENCY_INTRODUCTION,
        ...latency.flatMap((row) => [latencyConditions(row), asMarkdown(latencyTable(row))]),
      ]

const latencyConditions = (row: LatencyRow): string =>
  `\`${row.topology}\`, ${row.guarantee}, a commit every ${row.commitIntervalMs} ms, ${row.recordsPerSecond} records a second of ${row.recordBytes} bytes; medians of ${row.rounds} rounds:`
