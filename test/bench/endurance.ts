import { setTimeout as delay } from 'node:timers/promises'
import type { BenchKafka } from './bench-kafka.ts'
import { COMMIT_INTERVAL_MS } from './contender.ts'
import { startMillrace } from './millrace.ts'
import { cpuSecondsOf, rssBytesOf } from './proc.ts'
import { THROUGHPUT_LINGER_MS } from './run.ts'
import { topologyOf } from './topologies.ts'
import { peer, type Worker } from './worker.ts'
import { makeYardstick } from './yardstick.ts'

/** One minute of a long run. */
export interface Minute {
  readonly recordsPerSecond: number
  readonly recordsPerCpuSecond: number
  /** At its end. */
  readonly rssBytes: number
  /** Pauses of the garbage collector, as a share of the CPU time of the process. */
  readonly gcShare: number
  /** How fast the machine was at a fixed piece of work, as a ratio to the beginning. */
  readonly machineSpeed: number
}

export const ENDURANCE_RECORD_BYTES = 100
/** Every record of it comes out. */
const TOPOLOGY = topologyOf('projection')
const MINUTE_MS = 60_000

interface Plan {
  readonly kafka: BenchKafka
  readonly minutes: number
  readonly log: (line: string) => void
}

/** Runs one job at full speed, minute by minute: nothing may grow but its offsets. */
export const measureEndurance = (plan: Plan): Promise<readonly Minute[]> =>
  plan.kafka.run({ input: '', outputs: 2 }, async (run) => {
    const { bootstrapServer, bootstrapServers } = plan.kafka
    const [input = '', output = ''] = run.topics.outputs
    const feeder = peer('endurance-feeder', run.dir, {
      bootstrap: bootstrapServer,
      input,
      output,
      bytes: ENDURANCE_RECORD_BYTES,
    })
    const job = startMillrace(
      {
        ...run,
        topology: TOPOLOGY,
        topics: { ...run.topics, input, outputs: [output] },
        bootstrapServers,
        codec: 'none',
        threads: 1,
        guarantee: 'AtLeastOnce',
        store: 'none',
        commitIntervalMs: COMMIT_INTERVAL_MS,
        lingerMs: THROUGHPUT_LINGER_MS,
      },
      ['--trace-gc'],
    )
    try {
      return await minutesOf(plan, { job, feeder, output })
    } finally {
      await feeder.stop()
      await job.stop()
    }
  })

interface Running {
  readonly job: Worker
  readonly feeder: Worker
  readonly output: string
}

async function minutesOf(plan: Plan, running: Running): Promise<readonly Minute[]> {
  const minutes: Minute[] = []
  const speed = makeYardstick()
  speed()
  const speedAtFirst = speed()
  let before = await look(plan, running)
  while (minutes.length < plan.minutes) {
    await delay(MINUTE_MS)
    const now = await look(plan, running)
    const records = now.records - before.records
    const cpuSeconds = now.cpuSeconds - before.cpuSeconds
    const minute = {
      recordsPerSecond: records / ((now.atMs - before.atMs) / 1000),
      recordsPerCpuSecond: records / cpuSeconds,
      rssBytes: rssBytesOf(running.job.pid),
      gcShare: (now.pausedMs - before.pausedMs) / 1000 / cpuSeconds,
      machineSpeed: speed() / speedAtFirst,
    }
    minutes.push(minute)
    plan.log(`  minute ${minutes.length}: ${minuteLine(minute)}`)
    before = now
  }
  return minutes
}

async function look({ kafka }: Plan, { job, feeder, output }: Running) {
  job.failIfEnded()
  feeder.failIfEnded()
  return {
    atMs: performance.now(),
    records: await kafka.topics.records([output]),
    cpuSeconds: cpuSecondsOf(job.pid),
    pausedMs: pausedMs(job.printed()),
  }
}

/** `--trace-gc` ends each line with how long the collection, and what it called, took: `… MB, 0.45 / 0.00 ms …`. */
export const pausedMs = (printed: string): number =>
  [...printed.matchAll(/ MB, (?:pooled: \d+ MB, )?([\d.]+) \/ [\d.]+ ms/g)].reduce(
    (sum, [, ms]) => sum + Number(ms),
    0,
  )

const minuteLine = ({ recordsPerSecond, rssBytes, gcShare, machineSpeed }: Minute): string =>
  `${Math.round(recordsPerSecond / 1000)}k records/s, ${Math.round(rssBytes / 1024 ** 2)} MiB, ${(gcShare * 100).toFixed(1)} % in collections, machine at ${machineSpeed.toFixed(2)}`
