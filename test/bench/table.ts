import type { Side } from './contender.ts'
import type { Minute } from './endurance.ts'
import type { LatencyRow } from './latency.ts'
import type { LayerCost } from './layers/measure-layers.ts'
import type { RawCopyRow } from './raw-copy-row.ts'
import type { Recovery, RecoveryRow } from './recovery.ts'
import type { Row, SideResult } from './throughput.ts'

/** Cells as text; Markdown and terminal both show them. */
export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const MIB = 1024 * 1024

export const thousands = (records: number) => `${Math.round(records / 1000)}k`
const mebibytes = (bytes: number) => String(Math.round(bytes / MIB))
const times = (ratio: number) => `${ratio.toFixed(2)}×`
const milliseconds = (ms: number) => ms.toFixed(1)
const seconds = (ms: number) => (ms / 1000).toFixed(1)

export const throughputTable = (rows: readonly Row[]): Table => ({
  head: ['topology', 'bytes', 'codec', 'threads', 'rounds', ...FIGURES],
  rows: rows.map((row) => [
    row.topology,
    String(row.recordBytes),
    row.codec,
    String(row.threads),
    String(row.sides.millrace.rounds.length),
    ...figures(row),
  ]),
})

export const stateTable = (rows: readonly Row[]): Table => ({
  head: [
    'topology',
    'keys',
    'guarantee',
    'store',
    'bytes',
    'codec',
    'threads',
    'rounds',
    ...FIGURES,
  ],
  rows: rows.map((row) => [
    row.topology,
    String(row.keys),
    row.guarantee,
    row.store,
    String(row.recordBytes),
    row.codec,
    String(row.threads),
    String(row.sides.millrace.rounds.length),
    ...figures(row),
  ]),
})

const FIGURES = [
  'Millrace records/s',
  'Kafka Streams records/s',
  'ratio',
  'Millrace per CPU-s',
  'Kafka Streams per CPU-s',
  'ratio',
  'Millrace MiB',
  'Kafka Streams MiB',
  'ratio',
  'notes',
] as const

function figures(row: Row): readonly string[] {
  const { millrace, kafkaStreams } = row.sides
  const cells = (key: keyof Row['ratio'], show: (value: number) => string) => [
    show(millrace.median[key]),
    show(kafkaStreams.median[key]),
    times(row.ratio[key]),
  ]
  return [
    ...cells('recordsPerSecond', thousands),
    ...cells('recordsPerCpuSecond', thousands),
    ...cells('peakRssBytes', mebibytes),
    notes(row),
  ]
}

const TITLES: Readonly<Record<Side, string>> = {
  millrace: 'Millrace',
  kafkaStreams: 'Kafka Streams',
}

/** What the reader of a row must know: how far rounds lay apart, and whatever made it less than fair. */
function notes({ sides, codec }: Row): string {
  const all = Object.entries(sides) as [Side, SideResult][]
  return all
    .flatMap(([side, { rounds, spread, outputCodecs }]) => {
      const disturbed = rounds.filter((round) => round.disturbed).length
      const found = [
        ...(rounds.length > 1 ? [`±${Math.round(spread * 50)}%`] : []),
        ...(disturbed > 0 ? [`${disturbed} of ${rounds.length} rounds disturbed`] : []),
        ...(rounds.every((round) => round.warmedUp) ? [] : ['warm-up cut short']),
        ...(outputCodecs.every((written) => written === codec)
          ? []
          : [`wrote ${outputCodecs.join(', ')}`]),
      ]
      return found.length === 0 ? [] : [`${TITLES[side]} ${found.join(', ')}`]
    })
    .join('; ')
}

export const rawCopyTable = (rows: readonly RawCopyRow[]): Table => ({
  head: ['bytes', 'codec', 'rounds', 'records/s', 'per CPU-s', 'MiB'],
  rows: rows.map((row) => [
    String(row.recordBytes),
    row.codec,
    String(row.rounds),
    thousands(row.recordsPerSecond),
    thousands(row.recordsPerCpuSecond),
    mebibytes(row.peakRssBytes),
  ]),
})

export function latencyTable({
  topology,
  millrace,
  kafkaStreams,
  ratio,
  peersAlone,
}: LatencyRow): Table {
  const cells = (show: (value: number) => string, of: LatencyRow['ratio']) => [
    show(of.p50Ms),
    show(of.p99Ms),
    show(of.p999Ms),
  ]
  return {
    head: [`${topology}, ms`, 'p50', 'p99', 'p99.9'],
    rows: [
      ['Millrace', ...cells(milliseconds, millrace)],
      ['Kafka Streams', ...cells(milliseconds, kafkaStreams)],
      ['ratio', ...cells(times, ratio)],
      ['no job between', ...cells(milliseconds, peersAlone)],
    ],
  }
}

export const enduranceTable = (minutes: readonly Minute[]): Table => ({
  head: ['minute', 'records/s', 'per CPU-s', 'MiB', 'in collections', 'machine'],
  rows: minutes.map((minute, index) => [
    String(index + 1),
    thousands(minute.recordsPerSecond),
    thousands(minute.recordsPerCpuSecond),
    mebibytes(minute.rssBytes),
    `${(minute.gcShare * 100).toFixed(1)} %`,
    minute.machineSpeed.toFixed(2),
  ]),
})

export const recoveryTable = (rows: readonly RecoveryRow[]): Table => ({
  head: [
    'rows',
    'pod MiB',
    'guarantee',
    'side',
    'with its files, s',
    'without, s',
    'rows/s without',
    'MiB on disk',
    'MiB of memory',
  ],
  rows: rows.flatMap(({ guarantee, rows: count, memoryBytes, sides }) =>
    (Object.entries(sides) as [Side, Recovery][]).map(([side, recovery]) => [
      thousands(count),
      mebibytes(memoryBytes),
      guarantee,
      TITLES[side],
      seconds(recovery.warmMs),
      seconds(recovery.coldMs),
      thousands((count / recovery.coldMs) * 1000),
      mebibytes(recovery.diskBytes),
      mebibytes(recovery.peakRssBytes),
    ]),
  ),
})

export const layersTable = (costs: readonly LayerCost[]): Table => ({
  head: ['layer', 'bytes', 'ns/record'],
  rows: costs.map(({ layer, recordBytes, nsPerRecord }) => [
    layer,
    String(recordBytes),
    nsPerRecord.toFixed(nsPerRecord < 100 ? 1 : 0),
  ]),
})

export function asText({ head, rows }: Table): string {
  const lines = [head, ...rows]
  const widths = head.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function asMarkdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
