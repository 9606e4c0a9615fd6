import { CommanderError } from 'commander'
import { BenchKafka } from './bench-kafka.ts'
import { conditions } from './conditions.ts'
import type { Contender } from './contender.ts'
import { measureEndurance } from './endurance.ts'
import { kafkaStreams } from './java.ts'
import { LATENCY_RECORDS, type LatencyRow, measureLatency } from './latency.ts'
import { measureLayers } from './layers/measure-layers.ts'
import type { InputSpec } from './load.ts'
import { millrace } from './millrace.ts'
import { type BenchOptions, parseOptions, recordsOf, wants } from './options.ts'
import { hasProc } from './proc.ts'
import { measureRawCopy, type RawCopyRow } from './raw-copy-row.ts'
import { writeReport } from './report.ts'
import { type Results, toJson } from './results.ts'
import {
  asText,
  enduranceTable,
  latencyTable,
  layersTable,
  rawCopyTable,
  throughputTable,
} from './table.ts'
import { measureRow, type Row, type RunPlan } from './throughput.ts'
import { topologies } from './topologies.ts'

/** Progress goes beside the results, which may be piped. */
const log = (line: string) => console.error(line)

async function bench(options: BenchOptions): Promise<void> {
  if (!hasProc()) throw new Error('the bench reads CPU and memory from /proc: run it on Linux')
  const results: Results = {
    ...(await againstKafka(options)),
    layers: wants(options, 'layers') ? measureLayers(options.sizes) : [],
  }
  console.log(options.json ? toJson(results) : asTables(results))
  if (!options.write) return
  log(`wrote ${await writeReport({ results, conditions: await conditions(options) }, new Date())}`)
}

const nothing = { rows: [], rawCopy: [], latency: [], endurance: [] }

async function againstKafka(options: BenchOptions): Promise<Omit<Results, 'layers'>> {
  const names = [...topologies.map(({ name }) => name), 'raw-copy', 'latency', 'endurance']
  if (!names.some((name) => wants(options, name))) return nothing
  const contenders: readonly Contender[] = [await kafkaStreams(log), millrace]
  const kafka = await BenchKafka.start(log)
  const plan: RunPlan = { ...options, kafka, contenders, log }
  const inputs = options.sizes.flatMap((valueBytes) =>
    options.codecs.map((codec) => ({ valueBytes, codec, records: recordsOf(options, valueBytes) })),
  )
  const rows: Row[] = []
  const rawCopy: RawCopyRow[] = []
  try {
    for (const input of inputs) {
      rows.push(...(await rowsOf(plan, options, input)))
      if (wants(options, 'raw-copy')) rawCopy.push(await rawCopyRow(plan, input))
    }
    const latency = wants(options, 'latency') ? [await latencyRow(plan, options)] : []
    const endurance = wants(options, 'endurance') ? await longRun(plan, options) : []
    return { rows, rawCopy, latency, endurance }
  } finally {
    await kafka.stop()
  }
}

async function rowsOf(
  plan: RunPlan,
  options: BenchOptions,
  spec: Omit<InputSpec, 'topic'>,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const topology of topologies.filter(({ name }) => wants(options, name))) {
    for (const threads of options.threads) {
      const input = await plan.kafka.input(spec, log)
      log(`${topology.name}, ${spec.valueBytes} bytes, ${spec.codec}, ${threads} thread(s)`)
      rows.push(await measureRow(plan, { topology, input, threads, guarantee: 'at_least_once' }))
    }
  }
  return rows
}

async function rawCopyRow(plan: RunPlan, spec: Omit<InputSpec, 'topic'>): Promise<RawCopyRow> {
  const input = await plan.kafka.input(spec, log)
  log(`raw copy, ${spec.valueBytes} bytes, ${spec.codec}`)
  return measureRawCopy(plan, input)
}

function latencyRow(plan: RunPlan, options: BenchOptions): Promise<LatencyRow> {
  log('latency')
  return measureLatency({ ...plan, records: options.records ?? LATENCY_RECORDS })
}

function longRun({ kafka }: RunPlan, { minutes }: BenchOptions) {
  log(`endurance, ${minutes} minutes`)
  return measureEndurance({ kafka, minutes, log })
}

const asTables = ({ rows, rawCopy, latency, layers, endurance }: Results): string =>
  [
    throughputTable(rows),
    rawCopyTable(rawCopy),
    latencyTable(latency),
    enduranceTable(endurance),
    layersTable(layers),
  ]
    .filter((table) => table.rows.length > 0)
    .map(asText)
    .join('\n\n')

// Only an orderly exit takes the broker and the jobs along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

try {
  await bench(parseOptions(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof CommanderError)) console.error(error)
  process.exitCode = error instanceof CommanderError ? error.exitCode : 1
}
