import { CommanderError } from 'commander'
import { BenchKafka } from './bench-kafka.ts'
import { conditions } from './conditions.ts'
import type { Contender } from './contender.ts'
import { measureEndurance } from './endurance.ts'
import { kafkaStreams } from './java.ts'
import { latencyCases } from './latency-cases.ts'
import { type LatencyRow, measureLatency } from './latency.ts'
import { measureLayers } from './layers/measure-layers.ts'
import { millrace } from './millrace.ts'
import { type BenchOptions, parseOptions, wants } from './options.ts'
import { hasProc } from './proc.ts'
import { refusePartOfOther, writeReport } from './report.ts'
import { measureRecovery, type RecoveryRow } from './recovery.ts'
import { isWithState, type Results, toJson } from './results.ts'
import { rawCopyRows, stateRows, statelessRows } from './rows.ts'
import type { RunPlan } from './run.ts'
import {
  asText,
  enduranceTable,
  latencyTable,
  layersTable,
  rawCopyTable,
  recoveryTable,
  stateTable,
  throughputTable,
} from './table.ts'

/** Progress goes beside the results, which may be piped. */
const log = (line: string) => console.error(line)

async function bench(options: BenchOptions): Promise<void> {
  if (!hasProc()) throw new Error('the bench reads CPU and memory from /proc: run it on Linux')
  const measuredUnder = await conditions(options)
  if (options.write && !options.isWhole) refusePartOfOther(measuredUnder)
  const results: Results = {
    ...(await againstKafka(options)),
    layers: wants(options, 'layers') ? measureLayers(options.sizes) : [],
  }
  console.log(options.json ? toJson(results) : asTables(results))
  if (!options.write) return
  log(`wrote ${await writeReport({ results, conditions: measuredUnder }, new Date())}`)
}

const nothing = { rows: [], rawCopy: [], latency: [], endurance: [], recovery: [] }

const needsKafka = ({ only }: BenchOptions): boolean =>
  only.length === 0 || only.some((name) => name !== 'layers')

async function againstKafka(options: BenchOptions): Promise<Omit<Results, 'layers'>> {
  if (!needsKafka(options)) return nothing
  const contenders: readonly Contender[] = [await kafkaStreams(log), await millrace(log)]
  const kafka = await BenchKafka.start(log)
  const plan: RunPlan = { ...options, kafka, contenders, log }
  try {
    return {
      rows: [...(await statelessRows(plan, options)), ...(await stateRows(plan, options))],
      rawCopy: wants(options, 'raw-copy') ? await rawCopyRows(plan, options) : [],
      latency: await latencyRows(plan, options),
      endurance: wants(options, 'endurance') ? await longRun(plan, options) : [],
      recovery: wants(options, 'recovery') ? await recoveryRows(plan, options) : [],
    }
  } finally {
    await kafka.stop()
  }
}

async function latencyRows(plan: RunPlan, options: BenchOptions): Promise<readonly LatencyRow[]> {
  const rows: LatencyRow[] = []
  for (const latencyCase of latencyCases.filter(({ name }) => wants(options, name))) {
    log(latencyCase.name)
    rows.push(await measureLatency({ ...options, ...plan, latencyCase }))
  }
  return rows
}

function longRun({ kafka }: RunPlan, { minutes }: BenchOptions) {
  log(`endurance, ${minutes} minutes`)
  return measureEndurance({ kafka, minutes, log })
}

async function recoveryRows(plan: RunPlan, options: BenchOptions): Promise<readonly RecoveryRow[]> {
  const rows: RecoveryRow[] = []
  for (const guarantee of options.guarantees) {
    log(`recovery, ${options.rows} rows, ${options.memory} MiB, ${guarantee}`)
    const memoryBytes = options.memory * 1024 ** 2
    rows.push(await measureRecovery({ ...plan, rows: options.rows, memoryBytes, guarantee }))
  }
  return rows
}

const asTables = ({ rows, rawCopy, latency, layers, endurance, recovery }: Results): string =>
  [
    throughputTable(rows.filter((row) => !isWithState(row))),
    stateTable(rows.filter(isWithState)),
    rawCopyTable(rawCopy),
    ...latency.map(latencyTable),
    enduranceTable(endurance),
    recoveryTable(recovery),
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
