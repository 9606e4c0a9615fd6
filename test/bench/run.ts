import type { BenchKafka } from './bench-kafka.ts'
import {
  COMMIT_INTERVAL_MS,
  type Contender,
  type Guarantee,
  type RunSpec,
  type Store,
} from './contender.ts'
import type { LoadSpec } from './load.ts'
import type { Watched } from './measure.ts'
import { byCommits, byOutputs, type Gauge } from './progress.ts'
import type { BenchTopology } from './topology.ts'

/** Kafka Streams' own default, and about what Millrace's rounds come to. */
export const THROUGHPUT_LINGER_MS = 100

export interface RowSpec {
  readonly topology: BenchTopology
  readonly load: LoadSpec
  readonly threads: number
  readonly guarantee: Guarantee
  readonly store: Store
}

export interface RunPlan {
  readonly kafka: BenchKafka
  readonly contenders: readonly Contender[]
  readonly rounds: number
  readonly warmupMs: number
  readonly windowMs: number
  readonly log: (line: string) => void
}

export interface Run {
  readonly watched: Watched
  readonly outputs: readonly string[]
  /** Records that come out in all; undefined where nobody can say. */
  readonly expectedOutputs: number | undefined
}

/** One run of one side, from its start to its end. */
export async function withWorker<T>(
  { kafka, warmupMs, windowMs, log }: RunPlan,
  { topology, load, threads, guarantee, store }: RowSpec,
  contender: Contender,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const { input, beside } = await inputsOf(kafka, { topology, load }, log)
  const { outputs } = topology
  return kafka.run({ input: input.topic, beside, outputs }, async (topicsAndDir) => {
    const spec: RunSpec = {
      ...topicsAndDir,
      topology,
      bootstrapServers: kafka.bootstrapServers,
      codec: load.codec,
      threads,
      guarantee,
      store,
      commitIntervalMs: COMMIT_INTERVAL_MS,
      lingerMs: THROUGHPUT_LINGER_MS,
    }
    const worker = contender.start(spec)
    const expectedOutputs = input.expected.get(topology.name)
    const counted = { inputRecords: input.records, expectedOutputs }
    const watched = {
      worker,
      gauge: gaugeOf({ kafka, contender, spec }, counted),
      span: { inputRecords: input.records, warmupMs, windowMs },
      brokerPids: kafka.pids,
    }
    const run = { watched, outputs: spec.topics.outputs, expectedOutputs }
    return work(run).finally(() => worker.stop())
  })
}

async function inputsOf(
  kafka: BenchKafka,
  { topology, load }: Pick<RowSpec, 'topology' | 'load'>,
  log: RunPlan['log'],
) {
  const input = await kafka.input(topology.input ?? 'payments', load, log)
  if (topology.beside === undefined) return { input, beside: '' }
  return { input, beside: (await kafka.input(topology.beside, load, log)).topic }
}

interface Started {
  readonly kafka: BenchKafka
  readonly contender: Contender
  readonly spec: RunSpec
}

interface Counted {
  readonly inputRecords: number
  readonly expectedOutputs: number | undefined
}

function gaugeOf({ kafka, contender, spec }: Started, counted: Counted): Gauge {
  const { inputRecords, expectedOutputs } = counted
  const { applicationId, topics: names, topology } = spec
  const { topics } = kafka
  if (expectedOutputs === undefined)
    return byCommits({ topics, groupId: applicationId, input: names.input })
  const through = topology.twoStages === true ? { through: contender.throughTopic(spec) } : {}
  return byOutputs({ topics, ...through, outputs: names.outputs, inputRecords, expectedOutputs })
}
