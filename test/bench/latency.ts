import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { eventually } from '../support/eventually.ts'
import { command } from '../support/command.ts'
import { type Contender, type Guarantee, turn } from './contender.ts'
import { loadInput } from './load.ts'
import { median, ratios } from './statistics.ts'
import type { RunPlan } from './throughput.ts'
import { topologyOf } from './topologies.ts'
import type { Worker } from './worker.ts'

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
    if (contender === undefined) return betweenPeers(plan, input, input)
    const worker = contender.start({
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
      await firstRecordsOut(plan, worker, output)
      return await betweenPeers(plan, input, output)
    } finally {
      await worker.stop()
    }
  })

async function firstRecordsOut({ kafka }: RunPlan, worker: Worker, output: string): Promise<void> {
  await eventually(
    async () => {
      worker.failIfEnded()
      const out = await kafka.topics.records([output])
      if (out < FIRST_RECORDS) throw worker.failure(`wrote ${out} of ${FIRST_RECORDS} records`)
    },
    { timeoutMs: START_MS },
  )
}

async function betweenPeers(plan: LatencyPlan, input: string, output: string): Promise<Latency> {
  const warmup = Math.round((plan.warmupMs / 1000) * LATENCY_RATE)
  const bootstrap = ['--bootstrap', plan.kafka.bootstrapServer]
  const skip = ['--skip', String(FIRST_RECORDS + warmup)]
  const consumed = [...bootstrap, '--topic', output, ...skip, '--records', String(plan.records)]
  const amount = ['--rate', String(LATENCY_RATE), '--records', String(warmup + plan.records)]
  const size = ['--bytes', String(LATENCY_RECORD_BYTES)]
  const produced = [...bootstrap, '--topic', input, ...amount, ...size]
  const consumer = new Consumer(consumed)
  const deadlineMs = START_MS + ((warmup + plan.records) / LATENCY_RATE) * 1000
  const deadline = setTimeout(() => consumer.kill(), deadlineMs)
  try {
    await consumer.ready
    await command([process.execPath, program('latency-producer.ts'), ...produced])
    return await consumer.latency
  } finally {
    clearTimeout(deadline)
    consumer.kill()
  }
}

class Consumer {
  /** Resolves once it reads. */
  readonly ready: Promise<unknown>
  readonly latency: Promise<Latency>
  readonly #child: ChildProcess

  constructor(args: readonly string[]) {
    const argv = [program('latency-consumer.ts'), ...args]
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    const { promise: reads, resolve } = Promise.withResolvers<void>()
    let last = ''
    createInterface({ input: child.stdout }).on('line', (line) => {
      last = line
      if (line === 'ready') resolve()
    })
    this.#child = child
    this.latency = new Promise((done, fail) => {
      child.once('close', (code) => {
        if (code === 0) done(JSON.parse(last) as Latency)
        else fail(new Error('the consumer of the latency run did not see all records'))
      })
    })
    this.latency.catch(() => undefined)
    this.ready = Promise.race([reads, this.latency])
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

const program = (file: string) => join(import.meta.dirname, file)

const medians = (rounds: readonly Latency[]): Latency => ({
  p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
  p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
  p999Ms: median(rounds.map(({ p999Ms }) => p999Ms)),
})

const latencyLine = ({ p50Ms, p99Ms, p999Ms }: Latency) =>
  `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, p99.9 ${p999Ms.toFixed(1)} ms`
