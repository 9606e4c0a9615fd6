import type { Compression } from '../../runtime/broker/compression.ts'
import { checkOutputs } from './check.ts'
import { type Guarantee, type Side, type Store, turn } from './contender.ts'
import { measureRun, type Measured, medianOf, type Round } from './measure.ts'
import { type RowSpec, type RunPlan, withWorker } from './run.ts'
import { ratios, spread, worthCounting } from './statistics.ts'

/** What one side did in all rounds of a row. */
export interface SideResult {
  readonly rounds: readonly Round[]
  readonly median: Measured
  /** Of records a second, between the counted rounds. */
  readonly spread: number
  /** What the batches of its output were compressed with. */
  readonly outputCodecs: readonly Compression[]
}

export interface Row {
  readonly topology: string
  readonly recordBytes: number
  readonly codec: Compression
  readonly threads: number
  readonly guarantee: Guarantee
  readonly keys: number
  readonly store: Store
  readonly sides: Readonly<Record<Side, SideResult>>
  /** Millrace's over Kafka Streams'. */
  readonly ratio: Measured
}

/** Compares what both sides make of a small input, then runs them in turns on the large one. Throws when outputs differ. */
export async function measureRow(plan: RunPlan, row: RowSpec): Promise<Row> {
  const codecs = await checkOutputs(plan, row)
  const rounds: Record<Side, Round[]> = { millrace: [], kafkaStreams: [] }
  for (let round = 0; round < plan.rounds; round++) {
    for (const contender of turn(plan.contenders, round)) {
      const found = await withWorker(plan, row, contender, ({ watched }) => measureRun(watched))
      rounds[contender.side].push(found)
      plan.log(`  ${contender.title}: ${roundLine(found)}`)
    }
  }
  const sides = {
    millrace: sideResult(rounds.millrace, codecs.get('millrace')),
    kafkaStreams: sideResult(rounds.kafkaStreams, codecs.get('kafkaStreams')),
  }
  return {
    topology: row.topology.name,
    recordBytes: row.load.valueBytes,
    codec: row.load.codec,
    threads: row.threads,
    guarantee: row.guarantee,
    keys: row.load.keys,
    store: row.store,
    sides,
    ratio: ratios(sides.millrace.median, sides.kafkaStreams.median),
  }
}

function sideResult(
  rounds: readonly Round[],
  outputCodecs: readonly Compression[] = [],
): SideResult {
  const counted = worthCounting(rounds)
  return {
    rounds,
    median: medianOf(counted),
    spread: spread(counted.map((round) => round.recordsPerSecond)),
    outputCodecs,
  }
}

const MIB = 1024 * 1024

export function roundLine(round: Round): string {
  const rates = `${Math.round(round.recordsPerSecond / 1000)}k records/s, ${Math.round(round.recordsPerCpuSecond / 1000)}k per CPU-s`
  const marks = [
    ...(round.disturbed ? ['disturbed by other processes'] : []),
    ...(round.warmedUp ? [] : ['warm-up cut short: use more records']),
  ]
  return [rates, `${Math.round(round.peakRssBytes / MIB)} MiB`, ...marks].join(', ')
}
