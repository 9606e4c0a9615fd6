import { EmbeddedBroker } from '../../../runtime/broker/embedded-broker.ts'
import type { Header } from '../../../runtime/broker/record-batch.ts'
import { RecordBatchBuilder } from '../../../runtime/broker/record-batch-builder.ts'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { bind } from '../../../runtime/dsl/bind.ts'
import { job, type Output } from '../../../runtime/dsl/job.ts'
import { type Stream, stream } from '../../../runtime/dsl/stream.ts'
import type { OutputCollector } from '../../../runtime/tasks/output-collector.ts'
import { restoreTasks } from '../../../runtime/tasks/restore.ts'
import type { Task } from '../../../runtime/tasks/task.ts'
import { subTopologiesOf } from '../../../runtime/topology/sub-topologies.ts'
import { sinkTopicsOf } from '../../../runtime/topology/topology.ts'
import { recordsOf, type SeenRecord } from '../../support/seen-records.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { DEAD_LETTERS, newTask } from './new-task.ts'

/** The only task of a job that reads one partition of `in`, without a worker: the test says what happens when. */
export class TaskBench<V> {
  readonly clock = new ManualClock()
  readonly #broker = new EmbeddedBroker(this.clock)
  readonly #write: (input: Stream<V>) => Output
  #committed = 0
  #running: { readonly task: Task; readonly collector: OutputCollector } | undefined

  constructor(write: (input: Stream<V>) => Output) {
    this.#write = write
    for (const name of ['in', DEAD_LETTERS]) this.#broker.createTopic({ name, partitions: 1 })
  }

  /** The offset up to which the task is committed. */
  get committed(): number {
    return this.#committed
  }

  get task(): Task {
    if (this.#running === undefined) throw new Error('start the task first')
    return this.#running.task
  }

  produce(
    records: readonly (readonly [key: string | null, value: V, ...headers: Header[]])[],
  ): void {
    for (const [key, value, ...headers] of records) {
      const builder = new RecordBatchBuilder()
      const bytes = Buffer.from(JSON.stringify(value))
      builder.append(this.clock.now(), key === null ? null : Buffer.from(key), bytes, headers)
      this.#broker.append({ topic: 'in', partition: 0 }, builder.build())
    }
  }

  /** Starts the task where it was committed, with all that is in the topic fetched; what ran before is gone without a word. */
  async start(): Promise<void> {
    const { inputs } = runtimeConfigSchema
      .pick({ inputs: true })
      .parse({ inputs: [{ name: 'in', topic: 'in' }] })
    const topology = bind(job(this.#write(stream<V>('in'))), { inputs })
    const [subTopology] = subTopologiesOf(topology, 'test.job')
    if (subTopology === undefined) throw new Error('a job has a sub-topology')
    const topics = [
      ...sinkTopicsOf(topology),
      ...subTopology.stores.flatMap(({ changelogTopic }) => changelogTopic ?? []),
    ]
    for (const name of topics) this.#broker.createTopic({ name, partitions: 1 })
    const { task, collector } = newTask(subTopology, { broker: this.#broker, clock: this.clock })
    this.#running = { task, collector }
    await restoreTasks([task], {
      broker: this.#broker.connect(),
      isInterrupted: () => false,
    })
    task.start([{ topic: 'in', partition: 0, offset: this.#committed }])
    const fetcher = this.#broker.connect().fetcher({ maxBytes: Infinity })
    fetcher.assign({ topic: 'in', partition: 0, offset: this.#committed })
    for (const fetched of await fetcher.poll(0)) task.add(fetched)
    this.work()
  }

  /** What a worker does in a round. */
  work(): void {
    this.task.process()
    this.task.punctuate(this.clock.now())
    this.#running?.collector.send()
  }

  /** What a worker does when a commit is due. */
  commit(): void {
    if (!this.task.prepareCommit()) return
    const offsets = this.task.uncommitted()
    this.task.stageChangelog()
    this.#running?.collector.send()
    this.#committed = offsets[0]?.offset ?? this.#committed
    this.task.committedUpTo(offsets)
  }

  records(topic: string): SeenRecord[] {
    return (this.#broker.topics.get(topic)?.logs ?? []).flatMap((log) =>
      recordsOf({
        topic,
        partition: 0,
        position: 0,
        highWatermark: 0,
        batches: log.read(0, Infinity),
      }),
    )
  }

  values(topic: string): unknown[] {
    return this.records(topic).map(({ value }) =>
      value === null ? null : (JSON.parse(value) as unknown),
    )
  }

  get deadLetters(): unknown[] {
    return this.values(DEAD_LETTERS)
  }
}
