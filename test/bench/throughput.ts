import type { Compression } from '../../runtime/broker/compression.ts'
import type { BenchKafka } from './bench-kafka.ts'
import { digestOf, type OutputDigest } from './checksum.ts'
import { type Contender, type Guarantee, type Side, turn } from './contender.ts'
import type { LoadedInput } from './load.ts'
import { measureRun, type Measured, medianOf, type Round, type Watched } from './measure.ts'
import { ratios, spread, worthCounting } from './statistics.ts'
import type { BenchTopology } from './topologies.ts'

/** Kafka Streams' own default, and about what Millrace's rounds come to. */
export const THROUGHPUT_LINGER_MS = 100

/** Worked off by both sides to the end before anything is measured, and compared record by record. */
const CHECK_RECORDS = 100_000

export interface RowSpec {
  readonly topology: BenchTopology
  readonly input: LoadedInput
  readonly threads: number
  readonly guarantee: Guarantee
}

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
  readonly sides: Readonly<Record<Side, SideResult>>
  /** Millrace's over Kafka Streams'. */
  readonly ratio: Measured
}

export interface RunPlan {
  readonly kafka: BenchKafka
  readonly contenders: readonly Contender[]
  readonly rounds: number
  readonly warmupMs: number
  readonly windowMs: number
  readonly log: (line: string) => void
}

/** Compares what both sides make of a small input, then runs them in turns on the large one. Throws when outputs differ. */
export async function measureRow(plan: RunPlan, row: RowSpec): Promise<Row> {
  const codecs = await checkOutputs(plan, row)
  const rounds: Record<Side, Round[]> = { millrace: [], kafkaStreams: [] }
  for (let round = 0; round < plan.rounds; round++) {
    for (const contender of turn(plan.contenders, round)) {
      const found = await withWorker(plan, row, contender, (run) => measureRun(run))
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
    recordBytes: row.input.valueBytes,
    codec: row.input.codec,
    threads: row.threads,
    guarantee: row.guarantee,
    sides,
    ratio: ratios(sides.millrace.median, sides.kafkaStreams.median),
  }
}

/** Returns the codecs that each side wrote with. */
async function checkOutputs(plan: RunPlan, row: RowSpec) {
  const { valueBytes, codec } = row.input
  const input = await plan.kafka.input({ valueBytes, codec, records: CHECK_RECORDS })
  const span = { inputRecords: CHECK_RECORDS, warmupMs: 0, windowMs: Infinity }
  const digests = new Map<Side, OutputDigest>()
  for (const contender of plan.contenders) {
    const digest = await withWorker(
      { ...plan, ...span },
      { ...row, input },
      contender,
      async (run) => {
        await measureRun(run)
        const written = await plan.kafka.topics.records(run.outputs)
        if (written !== run.expectedOutputs)
          throw new Error(
            `${contender.title} wrote ${written} records in ${row.topology.name}, ${run.expectedOutputs} were expected`,
          )
        return digestOf(plan.kafka.bootstrapServer, run.outputs)
      },
    )
    digests.set(contender.side, digest)
  }
  assertSameOutput(row, digests)
  return new Map([...digests].map(([side, digest]) => [side, digest.codecs]))
}

/** One run of one side, from its start to its end. */
function withWorker<T>(
  { kafka, warmupMs, windowMs }: RunPlan,
  { topology, input, threads, guarantee }: RowSpec,
  contender: Contender,
  work: (run: Watched) => Promise<T>,
): Promise<T> {
  return kafka.run({ input: input.topic, outputs: topology.outputs }, async (run) => {
    const { bootstrapServers, topics, pids } = kafka
    const settings = { threads, guarantee, codec: input.codec, lingerMs: THROUGHPUT_LINGER_MS }
    const worker = contender.start({ ...run, ...settings, topology, bootstrapServers })
    return work({
      worker,
      topics,
      outputs: run.topics.outputs,
      ...(topology.twoStages === true ? { through: contender.throughTopic(run) } : {}),
      expectedOutputs: input.expected.get(topology.name) ?? 0,
      span: { inputRecords: input.records, warmupMs, windowMs },
      brokerPids: pids,
    }).finally(() => worker.stop())
  })
}

function assertSameOutput({ topology }: RowSpec, digests: ReadonlyMap<Side, OutputDigest>): void {
  const [one, ...others] = [...digests]
  const different = others.find(([, { checksum }]) => checksum !== one?.[1].checksum)
  if (one === undefined || different === undefined) return
  const say = ([side, { checksum, checked }]: [Side, OutputDigest]) =>
    `${side} ${checksum} over ${checked} records`
  throw new Error(`the outputs of ${topology.name} differ: ${say(one)}, ${say(different)}`)
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
