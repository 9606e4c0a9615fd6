import { EmbeddedBroker } from '../../runtime/broker/embedded-broker.ts'
import type { Fetcher } from '../../runtime/broker/broker.ts'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { runtimeConfigSchema } from '../../runtime/config.ts'
import { bind } from '../../runtime/dsl/bind.ts'
import { job, type Output } from '../../runtime/dsl/job.ts'
import { restoreTasks } from '../../runtime/tasks/restore.ts'
import type { Task } from '../../runtime/tasks/task.ts'
import { topologyFromSteps } from '../../runtime/topology/from-steps.ts'
import { type SubTopology, subTopologiesOf } from '../../runtime/topology/sub-topologies.ts'
import { sinkTopicsOf, type Topology } from '../../runtime/topology/topology.ts'
import { recordsOf } from './seen-records.ts'
import { DEAD_LETTERS, newTask } from '../runtime/tasks/new-task.ts'
import { ManualClock } from './manual-clock.ts'

export type Timed = readonly [topic: string, key: string | null, value: unknown, time: number]
export type Written = readonly [key: string | null, value: unknown, time: number]

/** The only task of a job, which gets record after record, each with its time, as Kafka Streams' test driver does. */
export class TimedJob {
  readonly #broker = new EmbeddedBroker(new ManualClock())
  readonly #subTopology: SubTopology
  readonly #offsets = new Map<string, number>()
  #running: (ReturnType<typeof newTask> & { readonly fetcher: Fetcher }) | undefined

  /** Inputs bear the names of their topics; the outputs are what `topology` says. */
  constructor(topology: Topology) {
    const [subTopology, ...others] = subTopologiesOf(topology, 'test.job')
    if (subTopology === undefined || others.length > 0) throw new Error('one sub-topology, please')
    this.#subTopology = subTopology
    const topics = [
      ...subTopology.sources.map(({ topic }) => topic),
      ...subTopology.stores.flatMap(({ changelogTopic = [] }) => changelogTopic),
      ...sinkTopicsOf(topology),
      DEAD_LETTERS,
    ]
    for (const name of topics) this.#broker.createTopic({ name, partitions: 1 })
    for (const { topic } of subTopology.sources) this.#offsets.set(topic, 0)
  }

  static ofSteps(inputs: readonly string[], steps: readonly object[]): TimedJob {
    const from = (steps.at(-1) as { readonly name: string }).name
    const config = runtimeConfigSchema.pick({ inputs: true, steps: true, outputs: true }).parse({
      inputs: inputs.map((name) => ({ name, topic: name })),
      steps,
      outputs: [{ from, topic: 'out' }],
    })
    const { topology, problems } = topologyFromSteps(config)
    if (problems.length > 0) throw new Error(JSON.stringify(problems))
    return new TimedJob(topology)
  }

  static ofCode(inputs: readonly string[], output: Output): TimedJob {
    const config = runtimeConfigSchema
      .pick({ inputs: true })
      .parse({ inputs: inputs.map((name) => ({ name, topic: name })) })
    return new TimedJob(bind(job(output), config))
  }

  /** Node → reason → records left out. */
  get dropped(): unknown {
    return this.#running?.tally.dropped
  }

  get task(): Task {
    if (this.#running === undefined) throw new Error('feed the job first')
    return this.#running.task
  }

  async feed(...records: readonly Timed[]): Promise<void> {
    this.#running ??= await this.#start()
    for (const record of records) {
      this.#append(record)
      for (const fetched of await this.#running.fetcher.poll(0)) this.#running.task.add(fetched)
      this.#running.task.process()
    }
    this.#running.collector.send()
  }

  /** As a worker commits. */
  commit(): void {
    const { task, collector } = this.#running ?? {}
    if (task === undefined || !task.prepareCommit()) return
    const offsets = task.uncommitted()
    task.stageChangelog()
    collector?.send()
    for (const { topic, offset } of offsets) this.#offsets.set(topic, offset)
    task.committedUpTo(offsets)
  }

  /** The task dies; another one goes on where it was committed. */
  async crash(): Promise<void> {
    this.#running = await this.#start()
    for (const fetched of await this.#running.fetcher.poll(0)) this.#running.task.add(fetched)
    this.#running.task.process()
    this.#running.collector.send()
  }

  out(topic = 'out'): Written[] {
    const [log] = this.#broker.topics.get(topic)?.logs ?? []
    const batches = log?.read(0, Infinity) ?? []
    return recordsOf({ topic, partition: 0, position: 0, highWatermark: 0, batches }).map(
      ({ key, value, timestamp }) => [
        key,
        value === null ? null : (JSON.parse(value) as unknown),
        timestamp,
      ],
    )
  }

  #append([topic, key, value, time]: Timed): void {
    const builder = new RecordBatchBuilder()
    const bytes = value === null ? null : Buffer.from(JSON.stringify(value))
    builder.append(time, key === null ? null : Buffer.from(key), bytes)
    this.#broker.append({ topic, partition: 0 }, builder.build())
  }

  async #start() {
    const fetcher = this.#broker.connect().fetcher({ maxBytes: Infinity })
    const running = newTask(this.#subTopology, {
      broker: this.#broker,
      clock: new ManualClock(),
      drainedAt: (partition) => fetcher.drainedAt(partition),
    })
    await restoreTasks([running.task], {
      broker: this.#broker.connect(),
      isInterrupted: () => false,
    })
    const positions = [...this.#offsets].map(([topic, offset]) => ({ topic, partition: 0, offset }))
    running.task.start(positions)
    for (const position of positions) fetcher.assign(position)
    return { ...running, fetcher }
  }
}
