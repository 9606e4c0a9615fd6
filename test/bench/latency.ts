import { eventually } from '../support/eventually.ts'
import { type Contender, turn } from './contender.ts'
import type { LatencyCase } from './latency-cases.ts'
import {
  betweenPeers,
  FIRST_RECORDS,
  type Latency,
  LATENCY_RECORD_BYTES,
  loadFirst,
  START_MS,
} from './latency-peers.ts'
import type { RunPlan } from './run.ts'
import { median, ratios } from './statistics.ts'
import { topologyOf } from './topologies.ts'
import type { Worker } from './worker.ts'

export interface LatencyRow extends LatencyCase {
  readonly recordBytes: number
  readonly threads: number
  /** Of each side; a figure is their median. */
  readonly rounds: number
  readonly millrace: Latency
  readonly kafkaStreams: Latency
  /** Millrace's over Kafka Streams'. */
  readonly ratio: Latency
  /** Producer to consumer without a job between them. */
  readonly peersAlone: Latency
}

/** Both sides send at once what a round gave. */
export const LATENCY_LINGER_MS = 0

export interface LatencyPlan extends RunPlan {
  readonly latencyCase: LatencyCase
  /** Unset: enough for half a minute. */
  readonly records?: number
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
    ...plan.latencyCase,
    recordBytes: LATENCY_RECORD_BYTES,
    threads: 1,
    rounds: plan.rounds,
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
    await loadFirst(bootstrapServer, input)
    if (contender === undefined) return betweenPeers(plan, { input, output: input, dir })
    const job = contender.start({
      topology: topologyOf(plan.latencyCase.topology),
      topics: { ...topics, input, outputs: [output] },
      applicationId,
      bootstrapServers,
      codec: 'none',
      threads: 1,
      guarantee: plan.latencyCase.guarantee,
      store: 'none',
      commitIntervalMs: plan.latencyCase.commitIntervalMs,
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

const medians = (rounds: readonly Latency[]): Latency => ({
  p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
  p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
  p999Ms: median(rounds.map(({ p999Ms }) => p999Ms)),
})

const latencyLine = ({ p50Ms, p99Ms, p999Ms }: Latency) =>
  `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, p99.9 ${p999Ms.toFixed(1)} ms`
