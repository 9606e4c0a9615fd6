import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startKafka } from '../kafka/kafka.ts'
import { type InputSpec, loadInput, type LoadedInput, type LoadSpec } from './load.ts'
import { type SourceName, specOf } from './sources.ts'
import { BenchTopics } from './topics.ts'
import type { RunTopics } from './topology.ts'

const HOUR_MS = 3_600_000

export const BROKER_HEAP = '1g'

const TMPFS = '/dev/shm'
/** The largest input, and what is kept of what a run makes of it. */
const LOG_BYTES = 18 * 1024 ** 3

/** Whether the broker's log fits into memory: else a disk is what the faster side waits for. */
export function isLogInMemory(): boolean {
  if (!existsSync(TMPFS) || freemem() < LOG_BYTES) return false
  const { bavail, bsize } = statfsSync(TMPFS)
  return bavail * bsize >= LOG_BYTES
}

interface RunNeeds {
  readonly input: string
  readonly beside?: string
  readonly outputs: number
}

/**
 * Kept of each partition of an output that is only counted. Less room is needed, and the same memory is written to again and
 * again: on a virtual machine, writing where nothing was before takes three times as long.
 */
const RETAINED_OUTPUT_BYTES = 256 * 1024 ** 2

/** The broker that all runs of a bench share, their inputs and a folder for their files. */
export class BenchKafka {
  readonly bootstrapServers: readonly string[]
  readonly pids: readonly number[]
  readonly topics: BenchTopics
  readonly #dir = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  readonly #stop: () => Promise<void>
  /** Event time begins some hours ago, at the edge of a window of any length here. */
  readonly #startsAt = Math.floor(Date.now() / HOUR_MS - 3) * HOUR_MS
  readonly #inputs = new Map<string, LoadedInput>()
  #runs = 0

  private constructor(kafka: Awaited<ReturnType<typeof startKafka>>, topics: BenchTopics) {
    this.bootstrapServers = kafka.bootstrapServers
    this.pids = kafka.pids
    this.topics = topics
    this.#stop = () => kafka.stop()
  }

  static async start(log: (line: string) => void): Promise<BenchKafka> {
    const kafka = await startKafka({
      heap: BROKER_HEAP,
      log,
      parent: isLogInMemory() ? TMPFS : tmpdir(),
      // Runs write faster than the default of five minutes lets anything go.
      properties: ['log.retention.check.interval.ms=1000'],
    })
    return new BenchKafka(kafka, await BenchTopics.open(kafka.bootstrapServers))
  }

  get bootstrapServer(): string {
    return this.bootstrapServers[0] ?? ''
  }

  /** Loaded when first asked for, in place of records of the source that are of another kind: there is no room for both. */
  async input(
    source: SourceName,
    load: LoadSpec,
    log: (line: string) => void = () => undefined,
  ): Promise<LoadedInput> {
    const { valueBytes, keys, perMs, records } = specOf(source, load)
    const kind = [source, valueBytes, load.codec, keys, ''].join('-')
    const topic = `${kind}${perMs}-${records}`
    const known = this.#inputs.get(topic)
    if (known !== undefined) return known
    await this.#forgetOthers(source, kind)
    const spec = { ...load, topic, source, records, startsAt: this.#startsAt }
    const loaded = await this.#load(spec, log)
    this.#inputs.set(topic, loaded)
    return loaded
  }

  /** Gives `work` fresh topics, an application id and a folder, and removes all of it afterwards. */
  async run<T>(
    { input, beside = '', outputs }: RunNeeds,
    work: (run: {
      readonly topics: RunTopics
      readonly applicationId: string
      readonly dir: string
    }) => Promise<T>,
  ): Promise<T> {
    const applicationId = `run-${this.#runs++}`
    const dir = join(this.#dir, applicationId)
    mkdirSync(dir)
    const topics: RunTopics = {
      input,
      beside,
      through: `${applicationId}-through`,
      outputs: Array.from({ length: outputs }, (_, index) => `${applicationId}-output-${index}`),
    }
    await this.topics.create([topics.through])
    await this.topics.create(topics.outputs, RETAINED_OUTPUT_BYTES)
    try {
      return await work({ topics, applicationId, dir })
    } finally {
      await this.topics.deletePrefixed(`${applicationId}-`)
      // State of Kafka Streams would fill the disk.
      rmSync(dir, { recursive: true, force: true })
    }
  }

  async stop(): Promise<void> {
    await this.topics.close()
    await this.#stop()
    rmSync(this.#dir, { recursive: true, force: true })
  }

  async #forgetOthers(source: SourceName, kind: string): Promise<void> {
    const others = [...this.#inputs.values()].filter(
      (input) => input.source === source && !input.topic.startsWith(kind),
    )
    for (const { topic } of others) {
      await this.topics.deletePrefixed(topic)
      this.#inputs.delete(topic)
    }
  }

  async #load(spec: InputSpec, log: (line: string) => void): Promise<LoadedInput> {
    log(`loading ${spec.records} ${spec.source}: ${spec.topic}`)
    await this.topics.create([spec.topic])
    const loaded = await loadInput(this.bootstrapServer, spec)
    const found = await this.topics.records([spec.topic])
    if (found !== spec.records) throw new Error(`loaded ${found} of ${spec.records} records`)
    return loaded
  }
}
