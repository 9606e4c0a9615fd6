import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { tryCommand } from '../support/command.ts'
import { KAFKA_VERSION } from '../kafka/jars.ts'
import { BROKER_HEAP, isLogInMemory } from './bench-kafka.ts'
import { COMMIT_INTERVAL_MS } from './contender.ts'
import {
  JVM_FLAGS,
  KAFKA_STREAMS_VERSION,
  MEMORY_STORE_JVM_FLAGS,
  PRODUCER_BATCH_BYTES,
} from './java.ts'
import { LATENCY_LINGER_MS } from './latency.ts'
import { INPUT_BATCH_BYTES } from './load.ts'
import type { BenchOptions } from './options.ts'
import { THROUGHPUT_LINGER_MS } from './run.ts'
import { PAYMENTS_PER_MS } from './sources.ts'
import { PARTITIONS } from './topics.ts'

/** What a figure means nothing without: one line each. */
export async function conditions(options: BenchOptions): Promise<readonly string[]> {
  const [cpu] = cpus()
  const kib = (bytes: number) => `${bytes / 1024} KiB`
  return [
    `Machine: ${cpus().length} cores, ${cpu?.model.trim()}, ${Math.round(totalmem() / 1024 ** 3)} GiB, Linux ${release()}. Broker, job and bench share it.`,
    `Kafka ${KAFKA_VERSION} with ZooKeeper, one broker, \`-Xmx${BROKER_HEAP}\`, plaintext on loopback, topics of ${PARTITIONS} partitions, one replica, its log on ${isLogInMemory() ? 'tmpfs, so that nobody waits for a disk' : 'a disk'}.`,
    `Millrace ${millraceVersion()}, Node ${process.version}, no flags, started by \`millrace run\`.`,
    `Kafka Streams ${KAFKA_STREAMS_VERSION}, ${await javaVersion()}, \`${JVM_FLAGS.join(' ')}\`, default garbage collector.`,
    `Both: at-least-once, commit every ${COMMIT_INTERVAL_MS} ms, idempotent producer with acks from all replicas, output batches up to ${kib(PRODUCER_BATCH_BYTES)}, the codec of the row.`,
    `Kafka Streams alone: \`linger.ms\` ${THROUGHPUT_LINGER_MS} for throughput, ${LATENCY_LINGER_MS} for latency; Millrace has no such setting, it sends when it has worked off what a fetch gave. All else is left at the defaults of each.`,
    `Input: batches of ${kib(INPUT_BATCH_BYTES)} before compression, 10,000 keys, in the page cache; the same for both sides and every round.`,
    `Both sides run in turns, as many rounds as a row says. The first ${options.warmupMs / 1000} s after the first record are left out, but never more than half of the input, and up to ${options.windowMs / 1000} s after them measured; where a job has two stages, each counts for half of a record. Medians; a round in which other processes used more than a tenth of its CPU is left out where a calm one exists.`,
  ]
}

/** What is different where there is state. */
export const stateConditions: readonly string[] = [
  `Both: the guarantee of the row, as \`spec.guarantee\` names it (for Kafka Streams \`at_least_once\` and \`exactly_once_v2\`), and under both of them a commit every ${COMMIT_INTERVAL_MS} ms.`,
  `Kafka Streams: stores as the row says, the record cache at its default of 10 MiB: of the updates of a key between two commits it may write the last alone. With stores in memory the JVM has \`${MEMORY_STORE_JVM_FLAGS.join(' ')}\`. Millrace keeps its state in memory in all rows, and its default flags.`,
  `Both write changelogs. Before the measurement, what both make of a smaller input is compared: of aggregates the last value of each key and window, of all others every record.`,
  `Input: ${PAYMENTS_PER_MS * 1000} payments in a second of event time. Progress is what is committed, and rates are taken from one commit to another.`,
]

async function javaVersion(): Promise<string> {
  const { stderr } = await tryCommand(['java', '-version'])
  return `Java ${/version "([^"]+)"/.exec(stderr)?.[1] ?? 'of unknown version'}`
}

function millraceVersion(): string {
  const file = join(import.meta.dirname, '..', '..', 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
