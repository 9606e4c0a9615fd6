import { eventually } from '../support/eventually.ts'
import type { BenchKafka } from './bench-kafka.ts'
import type { LatencyCase } from './latency-cases.ts'
import { loadInput } from './load.ts'
import { KEYS } from './payments.ts'
import { PAYMENTS_PER_MS } from './sources.ts'
import { peer } from './worker.ts'

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

export const LATENCY_RECORD_BYTES = 100
/** Written before the clock starts, to see that the job runs. */
export const FIRST_RECORDS = 100
export const START_MS = 60_000
const MEASURED_SECONDS = 30

export async function loadFirst(bootstrapServer: string, topic: string): Promise<void> {
  await loadInput(bootstrapServer, {
    topic,
    source: 'payments',
    records: FIRST_RECORDS,
    valueBytes: LATENCY_RECORD_BYTES,
    keys: KEYS,
    perMs: PAYMENTS_PER_MS,
    startsAt: Date.now(),
    codec: 'none',
  })
}

interface Measuring {
  readonly kafka: BenchKafka
  readonly latencyCase: LatencyCase
  readonly warmupMs: number
  readonly records?: number
}

interface Peers {
  readonly input: string
  readonly output: string
  readonly dir: string
}

/** Producer and consumer in processes of their own, of which one knows when a record was due and the other when it came. */
export async function betweenPeers(
  plan: Measuring,
  { input, output, dir }: Peers,
): Promise<Latency> {
  const rate = plan.latencyCase.recordsPerSecond
  const warmup = Math.round((plan.warmupMs / 1000) * rate)
  const measured = plan.records ?? rate * MEASURED_SECONDS
  const bootstrap = plan.kafka.bootstrapServer
  const consumer = peer('latency-consumer', dir, {
    bootstrap,
    topic: output,
    skip: FIRST_RECORDS + warmup,
    records: measured,
  })
  try {
    await eventually(
      () => {
        if (!consumer.printed().includes('ready')) throw consumer.failure('does not read yet')
      },
      { timeoutMs: START_MS },
    )
    const producer = peer('latency-producer', dir, {
      bootstrap,
      topic: input,
      rate,
      records: warmup + measured,
      bytes: LATENCY_RECORD_BYTES,
    })
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
