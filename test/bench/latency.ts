import { eventually } from '../support/eventually.ts'
import { type Contender, type Guarantee, turn } from './contender.ts'
import { loadInput } from './load.ts'
import { median, ratios } from './statistics.ts'
import type { RunPlan } from './throughput.ts'
import { topologyOf } from './topologies.ts'
import { peer, type Worker } from './worker.ts'

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

export interface LatencyRow {
  readonly topology: string
  readonly recordBytes: number
  readonly recordsPerSecond: number
  readonly threads: number
  readonly guarantee: Guarantee
  readonly millrace: Latency
  readonly kafkaStreams: Latency
  /** Millrace's over Kafka Streams'. */
  readonly ratio: Latency
  /** Producer to consumer without a job between them. */
  readonly peersAlone: Latency
}

export const LATENCY_RATE = 20_000
export const LATENCY_RECORD_BYTES = 100
/** Both sides send at once what a round gave. */
export const LATENCY_LINGER_MS = 0
export const LATENCY_RECORDS = LATENCY_RATE * 30

/** All of its records come out, and `id`, which carries the time of making, with them. */
const TOPOLOGY = topologyOf('projection')
/** Written before the clock starts, to see that the job runs. */
const FIRST_RECORDS = 100
const START_MS = 60_000

export interface LatencyPlan extends RunPlan {
  readonly records: number
}

export async function measureLatency(plan: LatencyPlan): Promise<LatencyRow> {
  const rounds: Record<'millrace' | 'kafkaStreams' | 'peersAlone', Latency[]> = {
    millrace: [],
    kafkaStreams: [],
    peersAlone: [],
  }
  for (let round = 0; round < plan.rounds; round++) {
    const sides = [undefined, ...turn(plan.contenders, round)]
    for (const contender of sides) {
      const found = await oneRound(plan, contender)
      rounds[contender?.side ?? 'peersAlone'].push(found)
      plan.log(`  ${contender?.title ?? 'peers alone'}: ${latencyLine(found)}`)
    }
  }
  const millrace = medians(rounds.millrace)
  const kafkaStreams = medians(rounds.kafkaStreams)
  return {
    topology: TOPOLOGY.name,
    recordBytes: LATENCY_RECORD_BYTES,
    recordsPerSecond: LATENCY_RATE,
    threads: 1,
    guarantee: 'at_least_once',
    millrace,
    kafkaStreams,
    ratio: ratios(millrace, kafkaStreams),
    peersAlone: medians(rounds.peersAlone),
  }
}

/** Without a contender the consumer reads what the producer wrote. */
const oneRound = (plan: LatencyPlan, contender: Contender | undefined): Promise<Latency> =>
  plan.kafka.run({ input: '', outputs: 2 }, async ({ topics, applicationId, dir }) => {
    const [input = '', output = ''] = topics.outputs
    const { bootstrapServer, bootstrapServers } = plan.kafka
    const first = { topic: input, records: FIRST_RECORDS, valueBytes: LATENCY_RECORD_BYTES }
    await loadInput(bootstrapServer, { ...first, codec: 'none' })
    if (contender === undefined) return betweenPeers(plan, { input, output: input, dir })
    const job = contender.start({
      topology: TOPOLOGY,
      topics: { ...topics, input, outputs: [output] },
      applicationId,
      bootstrapServers,
      codec: 'none',
      threads: 1,
      guarantee: 'at_least_once',
      lingerMs: LATENCY_LINGER_MS,
      dir,
    })
    try {
      await firstRecordsOut(plan, job, output)
      return await betweenPeers(plan, { input, output, dir })
    } finally {
      await job.stop()
    }
  })

async function firstRecordsOut({ kafka }: RunPlan, job: Worker, output: string): Promise<void> {
  await eventually(
    async () => {
      job.failIfEnded()
      const out = await kafka.topics.records([output])
      if (out < FIRST_RECORDS) throw job.failure(`wrote ${out} of ${FIRST_RECORDS} records`)
    },
    { timeoutMs: START_MS },
  )
}

interface Peers {
  readonly input: string
  readonly output: string
  readonly dir: string
}

async function betweenPeers(plan: LatencyPlan, { input, output, dir }: Peers): Promise<Latency> {
  const warmup = Math.round((plan.warmupMs / 1000) * LATENCY_RATE)
  const records = warmup + plan.records
  const bootstrap = plan.kafka.bootstrapServer
  const consumer = peer('latency-consumer', dir, {
    bootstrap,
    topic: output,
    skip: FIRST_RECORDS + warmup,
    records: plan.records,
  })
  try {
    await eventually(
      () => {
        if (!consumer.printed().includes('ready')) throw consumer.failure('does not read yet')
      },
      { timeoutMs: START_MS },
    )
    const made = {
      bootstrap,
      topic: input,
      rate: LATENCY_RATE,
      records,
      bytes: LATENCY_RECORD_BYTES,
    }
    const producer = peer('latency-producer', dir, made)
    if ((await producer.ended) !== 0) throw producer.failure('did not write all records')
    const late = AbortSignal.timeout(START_MS)
    late.addEventListener('abort', () => void consumer.stop())
    if ((await consumer.ended) !== 0) throw consumer.failure('did not see all records')
    return latencyIn(consumer.printed())
  } finally {
    await consumer.stop()
  }
}

/** The consumer's result, wherever Node put its warnings. */
const latencyIn = (printed: string): Latency =>
  JSON.parse(printed.split('\n').findLast((line) => line.startsWith('{')) ?? '') as Latency

const medians = (rounds: readonly Latency[]): Latency => ({
  p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
  p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
  p999Ms: median(rounds.map(({ p999Ms }) => p999Ms)),
})

const latencyLine = ({ p50Ms, p99Ms, p999Ms }: Latency) =>
  `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, p99.9 ${p999Ms.toFixed(1)} ms`
