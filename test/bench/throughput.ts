import type { Compression } from '../../runtime/broker/compression.ts'
import type { BenchKafka } from './bench-kafka.ts'
import { digestOf, type OutputDigest } from './checksum.ts'
import { type Contender, type Guarantee, type Side, turn } from './contender.ts'
import type { LoadedInput } from './load.ts'
import { measureRun, type Measured, medianOf, type Round } from './measure.ts'
import { ratios, spread, worthCounting } from './statistics.ts'
import type { BenchTopology } from './topologies.ts'

/** Kafka Streams' own default, and about what Millrace's rounds come to. */
export const THROUGHPUT_LINGER_MS = 100

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
  readonly log: (line: string) => void
}

/** Runs both sides in turns on the same input and compares what they wrote. Throws when it differs. */
export async function measureRow(plan: RunPlan, row: RowSpec): Promise<Row> {
  const rounds: Record<Side, Round[]> = { millrace: [], kafkaStreams: [] }
  const digests = new Map<Side, OutputDigest>()
  for (let round = 0; round < plan.rounds; round++) {
    for (const contender of turn(plan.contenders, round)) {
      const { side, title } = contender
      const found = await oneRun(plan, row, contender, !digests.has(side))
      rounds[side].push(found.round)
      if (found.digest !== undefined) digests.set(side, found.digest)
      plan.log(`  ${title}: ${roundLine(found.round)}`)
    }
  }
  assertSameOutput(row, digests)
  const sides = {
    millrace: sideResult(rounds.millrace, digests.get('millrace')),
    kafkaStreams: sideResult(rounds.kafkaStreams, digests.get('kafkaStreams')),
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

async function oneRun(
  { kafka, warmupMs }: RunPlan,
  { topology, input, threads, guarantee }: RowSpec,
  contender: Contender,
  withDigest: boolean,
) {
  const expectedOutputs = input.expected.get(topology.name) ?? 0
  return kafka.run({ input: input.topic, outputs: topology.outputs }, async (run) => {
    const { bootstrapServers, topics, pids } = kafka
    const settings = { threads, guarantee, codec: input.codec, lingerMs: THROUGHPUT_LINGER_MS }
    const worker = contender.start({ ...run, ...settings, topology, bootstrapServers })
    const { outputs } = run.topics
    const round = await measureRun({
      worker,
      topics,
      outputs,
      ...(topology.twoStages === true ? { through: contender.throughTopic(run) } : {}),
      inputRecords: input.records,
      expectedOutputs,
      warmupMs,
      brokerPids: pids,
    }).finally(() => worker.stop())
    const written = await topics.records(outputs)
    if (written !== expectedOutputs)
      throw new Error(
        `${contender.title} wrote ${written} records in ${topology.name}, ${expectedOutputs} were expected`,
      )
    const digest = withDigest ? await digestOf(kafka.bootstrapServer, outputs, written) : undefined
    return { round, digest }
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

function sideResult(rounds: readonly Round[], digest: OutputDigest | undefined): SideResult {
  const counted = worthCounting(rounds)
  return {
    rounds,
    median: medianOf(counted),
    spread: spread(counted.map((round) => round.recordsPerSecond)),
    outputCodecs: digest?.codecs ?? [],
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
