import { EmbeddedBroker } from '../broker/embedded-broker.ts'
import type { FetchedRecord } from '../broker/fetched-records.ts'
import type { RuntimeConfig, RuntimeCounts } from '../config.ts'
import { hint } from '../platform/did-you-mean.ts'
import { silentLogger } from '../platform/silent-logger.ts'
import { deadLetterTopicOf } from '../topology/internal-topics.ts'
import type { RecordFormats } from '../topology/repartition-formats.ts'
import { type SubTopology, subTopologiesOf } from '../topology/sub-topologies.ts'
import type { StoreSpec } from '../topology/store-spec.ts'
import { sinkTopicsOf, type Topology } from '../topology/topology.ts'
import { type DeadLetter, deadLetterOf } from './dead-letter.ts'
import { HandWorkedJob } from './hand-worked-job.ts'
import { ManualClock } from './manual-clock.ts'
import { batchOf, type PipedRecord, type ReadRecord, readRecord } from './records.ts'
import { changelogKeyOf, StoreView } from './store-view.ts'
import type { TestedJob } from './tested-job.ts'
import { formatsByTopic, keyFormatOf } from './topic-formats.ts'
import { TopicReader } from './topic-reader.ts'

export interface DriverOptions {
  /** What the wall clock says at first: a date or milliseconds since 1970; 0 unless given, so that times count from the start. */
  readonly startTime?: Date | number
  /** Topic → partitions; 1 unless named. */
  readonly partitions?: Readonly<Record<string, number>>
  /** `record`, unless given: after each record that is piped. `manual`: when `commit` is called. */
  readonly commitEvery?: 'record' | 'manual'
}

const DEFAULT_FORMATS: RecordFormats = { format: 'Json', keyFormat: 'String' }

/**
 * A job on a Kafka in memory, in virtual time: the tasks, stores, repartition and changelog topics of production, one step at a
 * time. What a call brings about is done when its promise resolves; the wall clock stands still but for `advance`. To see an
 * async function time out, advance before the promise of `pipe` is awaited. Generators of inputs make no records.
 */
export class TopologyTestDriver {
  readonly #config: RuntimeConfig
  readonly #topology: Topology
  readonly #subTopologies: readonly SubTopology[]
  readonly #formats: ReadonlyMap<string, RecordFormats>
  readonly #clock: ManualClock
  readonly #broker: EmbeddedBroker
  readonly #reader: TopicReader
  readonly #commitsEach: boolean
  #job: HandWorkedJob | undefined
  #last: Promise<unknown> = Promise.resolve()

  private constructor({ config, topology }: TestedJob, options: DriverOptions) {
    const { startTime = 0, partitions = {}, commitEvery = 'record' } = options
    this.#config = forTests(config)
    this.#topology = topology
    this.#subTopologies = subTopologiesOf(topology, config.applicationId)
    this.#formats = formatsByTopic(topology, this.#subTopologies)
    this.#clock = new ManualClock(Number(startTime))
    this.#broker = new EmbeddedBroker(this.#clock)
    this.#reader = new TopicReader(this.#broker.connect())
    this.#commitsEach = commitEvery === 'record'
    this.#createTopics(partitions)
  }

  /** Throws `InvalidJob`. */
  static async start(job: TestedJob, options: DriverOptions = {}): Promise<TopologyTestDriver> {
    const driver = new TopologyTestDriver(job, options)
    await driver.#start()
    return driver
  }

  /**
   * Appends each record to an input topic and has the job process it to the end before the next, through every repartition.
   * Throws what stops the job, such as a `BadRecord` where `onError` is `Fail`.
   */
  async pipe(topic: string, ...records: readonly PipedRecord[]): Promise<void> {
    const inputs = this.#config.inputs.map((input) => input.topic)
    if (!inputs.includes(topic)) throw unknown('input topic', topic, inputs)
    for (const record of records) {
      this.#append(topic, record)
      await this.#workOff()
    }
  }

  /** What has come to a topic, of the job's own too, since it was last read: partition by partition, in their order. */
  read(topic: string): readonly ReadRecord[] {
    const formats = this.#formatsOf(topic)
    return this.#take(topic).map((record) => readRecord(record, formats))
  }

  /** What has come to the changelog of a store since it was last read. Keys of windows and sessions are objects. */
  changelog(store: string): readonly ReadRecord[] {
    const spec = this.#specOf(store)
    if (spec.changelogTopic === undefined) throw new Error(`the store "${store}" has no changelog`)
    const keyFormat = keyFormatOf(store, this.#topology)
    return this.#take(spec.changelogTopic).map((record) => ({
      ...readRecord(record, { format: spec.format, keyFormat }),
      key: changelogKeyOf(spec, record.key, keyFormat),
    }))
  }

  /** Records that were set aside since the last time. */
  deadLetters(): readonly DeadLetter[] {
    const { onError, deadLetterTopic, applicationId } = this.#config
    if (onError !== 'DeadLetter') return []
    const letters = this.#take(deadLetterTopic ?? deadLetterTopicOf(applicationId))
    return letters.map((letter) => deadLetterOf(letter, (topic) => this.#formatsOf(topic)))
  }

  /** What a store holds at this moment, committed or not. */
  store(name: string): StoreView {
    const spec = this.#specOf(name)
    const stores = this.#running.tasks.flatMap((task) => task.stores)
    return new StoreView(
      spec,
      keyFormatOf(name, this.#topology),
      stores.filter((store) => store.name === name),
    )
  }

  /** Since the start or the last restart. Records count anew where they come out of a repartition topic. */
  counts(): RuntimeCounts {
    return this.#running.counts()
  }

  /** Moves the wall clock; what falls due is done. Event time moves by the timestamps of records. */
  async advance(ms: number): Promise<void> {
    await this.#clock.advance(ms)
    await this.#workOff()
  }

  /** What waits for it goes on; then state to the changelogs, then offsets. */
  async commit(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#running.commit()
    })
    await this.#workOff({ commits: false })
  }

  /** Crashes and starts again: state comes back from the changelogs, and what was not committed is processed once more. */
  async restart(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#running.abandon()
      await this.#start()
    })
    await this.#workOff()
  }

  async close(): Promise<void> {
    await this.#job?.abandon()
    await this.#reader.close()
  }

  /** For `await using driver = …`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #running(): HandWorkedJob {
    if (this.#job === undefined) throw new Error('the driver has not started')
    return this.#job
  }

  async #start(): Promise<void> {
    this.#job = await HandWorkedJob.start({
      // All is in memory, and every record that ever was can be asked for.
      config: { ...this.#config, stateDir: undefined, repartitionPurgeMs: Infinity },
      broker: this.#broker.connect(),
      instanceId: 'test',
      clock: this.#clock,
      random: () => 0.5,
      log: silentLogger,
      loadTopology: () => Promise.resolve(this.#topology),
    })
    await this.#reader.follow([...this.#broker.topics.keys()])
  }

  async #workOff({ commits = this.#commitsEach } = {}): Promise<void> {
    await this.#inTurn(async () => {
      try {
        await this.#running.workOff({ commits })
      } finally {
        await this.#reader.readOn()
      }
    })
  }

  /** One thing at a time, whether or not the caller waits for it. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }

  #createTopics(partitions: NonNullable<DriverOptions['partitions']>): void {
    const { inputs, deadLetterTopic } = this.#config
    const names = new Set([
      ...inputs.map(({ topic }) => topic),
      ...sinkTopicsOf(this.#topology),
      ...(deadLetterTopic === undefined ? [] : [deadLetterTopic]),
    ])
    for (const topic of Object.keys(partitions))
      if (!names.has(topic)) throw unknown('topic', topic, names)
    for (const name of names) this.#broker.createTopic({ name, partitions: partitions[name] ?? 1 })
  }

  #append(topic: string, record: PipedRecord): void {
    const partitions = this.#broker.topics.get(topic)?.logs.length ?? 1
    const timed = { ...record, timestamp: record.timestamp ?? this.#clock.now() }
    const { partition, batch } = batchOf(timed, this.#formatsOf(topic), partitions)
    this.#broker.append({ topic, partition }, batch)
  }

  #formatsOf(topic: string): RecordFormats {
    return this.#formats.get(topic) ?? DEFAULT_FORMATS
  }

  #take(topic: string): readonly FetchedRecord[] {
    const taken = this.#reader.take(topic)
    if (taken === undefined) throw unknown('topic', topic, this.#reader.topics)
    return taken
  }

  #specOf(store: string): StoreSpec {
    const specs = this.#subTopologies.flatMap(({ stores }) => stores)
    const found = specs.find(({ name }) => name === store)
    if (found !== undefined) return found
    throw unknown(
      'store',
      store,
      specs.map(({ name }) => name),
    )
  }
}

/** Nothing is made up, nothing is committed unasked, and what is not committed is seen, too. */
const forTests = (config: RuntimeConfig): RuntimeConfig => ({
  ...config,
  inputs: config.inputs.map((input) => ({ ...input, generator: undefined })),
  guarantee: 'AtLeastOnce',
  commitIntervalMs: Number.MAX_SAFE_INTEGER,
})

function unknown(kind: string, name: string, known: Iterable<string>): Error {
  const names = [...known]
  const there = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`
  return new Error(`the job has no ${kind} "${name}"; ${there}.${hint(name, names)}`)
}
