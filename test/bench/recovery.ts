import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import type { BenchKafka } from './bench-kafka.ts'
import {
  COMMIT_INTERVAL_MS,
  type Contender,
  type Guarantee,
  type RunSpec,
  type Side,
} from './contender.ts'
import { FIRST_RECORDS, loadFirst } from './latency-peers.ts'
import { peakRssBytesOf } from './proc.ts'
import { THROUGHPUT_LINGER_MS } from './run.ts'
import { PAYMENTS_PER_MS } from './sources.ts'
import { bytesUnder, settled } from './state-files.ts'
import { topologyOf } from './topologies.ts'
import type { Worker } from './worker.ts'

/** How one instance comes back to its state. Times are from the start of the process to the last of some records it has to write. */
export interface Recovery {
  /** After `kill -9`, with what it had on disk. */
  readonly warmMs: number
  /** With an empty disk: from the changelog. */
  readonly coldMs: number
  /** Of the state on disk. */
  readonly diskBytes: number
  /** The most of the three processes. */
  readonly peakRssBytes: number
}

export interface RecoveryRow {
  /** Of the table that is the state. */
  readonly rows: number
  readonly recordBytes: number
  /** Of the pod: what its values have of it is what the operator gives them. */
  readonly memoryBytes: number
  readonly guarantee: Guarantee
  readonly sides: Readonly<Partial<Record<Side, Recovery>>>
}

const TOPOLOGY = topologyOf('table-join')
export const ROW_BYTES = 100
const BUILD_MS = 1_200_000
const RESTART_MS = 300_000
const POLL_MS = 20

interface Plan {
  readonly kafka: BenchKafka
  readonly contenders: readonly Contender[]
  readonly rows: number
  readonly memoryBytes: number
  readonly guarantee: Guarantee
  readonly log: (line: string) => void
}

/** Builds a table, kills the process and starts it again, with its files and without them. Once for each side. */
export async function measureRecovery(plan: Plan): Promise<RecoveryRow> {
  const { rows, memoryBytes, guarantee, kafka, log } = plan
  const load = {
    records: rows,
    valueBytes: ROW_BYTES,
    keys: rows,
    perMs: PAYMENTS_PER_MS,
    codec: 'none',
  } as const
  const table = await kafka.input('profiles', load, log)
  const found: Partial<Record<Side, Recovery>> = {}
  for (const contender of plan.contenders) {
    const recovery = await recoveryOf(plan, contender, table.topic)
    found[contender.side] = recovery
    log(`  ${contender.title}: ${recoveryLine(recovery)}`)
  }
  return { rows, recordBytes: ROW_BYTES, memoryBytes, guarantee, sides: found }
}

const recoveryOf = (plan: Plan, contender: Contender, table: string): Promise<Recovery> =>
  plan.kafka.run({ input: '', beside: table, outputs: 2 }, async (run) => {
    const [input = '', output = ''] = run.topics.outputs
    const stateDir = join(run.dir, 'state')
    const spec: RunSpec = {
      ...run,
      topology: TOPOLOGY,
      topics: { ...run.topics, input, outputs: [output] },
      bootstrapServers: plan.kafka.bootstrapServers,
      codec: 'none',
      threads: 1,
      guarantee: plan.guarantee,
      store: 'rocksdb',
      commitIntervalMs: COMMIT_INTERVAL_MS,
      lingerMs: THROUGHPUT_LINGER_MS,
      pod: { stateDir, memoryBytes: plan.memoryBytes },
    }
    const restart = { plan, contender, spec, stateDir }
    const built = await build(restart)
    const warm = await timed(restart)
    await warm.worker.stop()
    const diskBytes = bytesUnder(stateDir)
    rmSync(stateDir, { recursive: true })
    const cold = await timed(restart)
    await cold.worker.stop()
    return {
      warmMs: warm.ms,
      coldMs: cold.ms,
      diskBytes,
      peakRssBytes: Math.max(built.peakRssBytes, warm.peakRssBytes, cold.peakRssBytes),
    }
  })

interface Restart {
  readonly plan: Plan
  readonly contender: Contender
  readonly spec: RunSpec
  readonly stateDir: string
}

/** Until the table is read, committed and on the disk; then the process is killed. */
async function build({ plan, contender, spec, stateDir }: Restart) {
  const { kafka, rows } = plan
  const { input, beside } = spec.topics
  const worker = contender.start(spec)
  try {
    await loadFirst(kafka.bootstrapServer, input)
    await grown(worker, BUILD_MS, async () => {
      const table = await kafka.topics.committed(spec.applicationId, beside)
      const payments = await kafka.topics.committed(spec.applicationId, input)
      return [table + payments, rows + FIRST_RECORDS]
    })
    await settled(stateDir, BUILD_MS)
    return { peakRssBytes: peakRssBytesOf(worker.pid) }
  } finally {
    await worker.kill()
  }
}

/** From the start of the process until it has answered the payments that wait for it. */
async function timed({ plan, contender, spec }: Restart) {
  const { kafka } = plan
  const { input, outputs } = spec.topics
  const before = await kafka.topics.records(outputs)
  await loadFirst(kafka.bootstrapServer, input)
  const startedAtMs = performance.now()
  const worker = contender.start(spec)
  try {
    await grown(worker, RESTART_MS, async () => [
      await kafka.topics.records(outputs),
      before + FIRST_RECORDS,
    ])
  } catch (error) {
    await worker.kill()
    throw error
  }
  const ms = performance.now() - startedAtMs
  return { worker, ms, peakRssBytes: peakRssBytesOf(worker.pid) }
}

async function grown(
  worker: Worker,
  timeoutMs: number,
  look: () => Promise<readonly [number, number]>,
): Promise<void> {
  await eventually(
    async () => {
      worker.failIfEnded()
      const [now, wanted] = await look()
      if (now < wanted) throw worker.failure(`has done ${now} of ${wanted} records`)
    },
    { timeoutMs, everyMs: POLL_MS },
  )
}

const recoveryLine = ({ warmMs, coldMs, peakRssBytes }: Recovery): string =>
  `${(warmMs / 1000).toFixed(1)} s with its files, ${(coldMs / 1000).toFixed(1)} s without, ${Math.round(peakRssBytes / 1024 ** 2)} MiB`
