import { EmbeddedBroker } from '../../runtime/broker/embedded-broker.ts'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { runtimeConfigSchema } from '../../runtime/config.ts'
import { bind } from '../../runtime/dsl/bind.ts'
import { job } from '../../runtime/dsl/job.ts'
import { type Stream, stream } from '../../runtime/dsl/stream.ts'
import { restoreTasks } from '../../runtime/tasks/restore.ts'
import { type SubTopology, subTopologiesOf } from '../../runtime/topology/sub-topologies.ts'
import type { Window } from '../../runtime/topology/record.ts'
import { recordsOf } from './seen-records.ts'
import { DEAD_LETTERS, newTask } from '../runtime/tasks/new-task.ts'
import { ManualClock } from './manual-clock.ts'

/** Topic → the stream whose records go there. */
type Write = (input: Stream<number>) => Readonly<Record<string, Stream<unknown>>>

interface Shown {
  readonly value: unknown
  readonly window: Window | null
}

/**
 * The only task of a job that reads one partition of `in`. Records are text: `a@5` goes in with key a, time 5 and value 1,
 * `a=7@5` with value 7, `@5` without key, `a=null@5` without value. `a 0-10 2 @5` comes out: key, window, value and time.
 */
export class WindowBench {
  readonly clock = new ManualClock()
  readonly #broker = new EmbeddedBroker(this.clock)
  readonly #subTopology: SubTopology
  readonly #idleAfterMs: number | undefined
  readonly #taken = new Map<string, number>()
  #committed = 0
  #position = 0
  #running: ReturnType<typeof newTask>

  constructor(write: Write, { idleAfterMs }: { readonly idleAfterMs?: number } = {}) {
    this.#idleAfterMs = idleAfterMs
    const { inputs } = runtimeConfigSchema
      .pick({ inputs: true })
      .parse({ inputs: [{ name: 'in', topic: 'in' }] })
    const streams = Object.entries(write(stream<number>('in')))
    const outputs = streams.map(([topic, records]) =>
      records.mapValues(`${topic}.shown`, ({ value, window }) => ({ value, window })).to(topic),
    )
    const topology = bind(job(...outputs), { inputs })
    const [subTopology] = subTopologiesOf(topology, 'test.job')
    if (subTopology === undefined) throw new Error('a job has a sub-topology')
    this.#subTopology = subTopology
    const changelogs = subTopology.stores.flatMap(({ changelogTopic = [] }) => changelogTopic)
    for (const name of ['in', DEAD_LETTERS, ...streams.map(([topic]) => topic), ...changelogs])
      this.#broker.createTopic({ name, partitions: 1 })
    this.#running = this.#begin()
  }

  /** Node → reason → how many were left out. */
  get dropped() {
    return this.#running.tally.dropped
  }

  get streamTime(): number {
    return this.#running.task.streamTime
  }

  feed(records: readonly string[]): void {
    for (const text of records) this.#append(text)
    this.#work()
  }

  /** What has come to a topic since the last time. */
  take(topic: string): string[] {
    const from = this.#taken.get(topic) ?? 0
    const seen = this.#read(topic).map(({ key, value, timestamp }) => {
      const shown = JSON.parse(value ?? 'null') as Shown
      const span = shown.window === null ? [] : [`${shown.window.start}-${shown.window.end}`]
      return [key, ...span, JSON.stringify(shown.value), `@${timestamp}`].join(' ')
    })
    this.#taken.set(topic, seen.length)
    return seen.slice(from)
  }

  /** Why records were set aside. */
  get deadLetters(): readonly string[] {
    return this.#read(DEAD_LETTERS).map(({ key, value, headers }) => {
      const why = Object.fromEntries(headers)
      return `${key} ${value}: ${why['millrace.reason']} in ${why['millrace.node']}`
    })
  }

  commit(): void {
    const { task, collector } = this.#running
    if (!task.prepareCommit()) throw new Error('nothing here waits')
    this.#committed = task.uncommitted()[0]?.offset ?? this.#committed
    task.stageChangelog()
    collector.send()
  }

  /** Another process takes over at what was committed. */
  async restart(): Promise<void> {
    this.#running = this.#begin()
    const { task } = this.#running
    await restoreTasks([task], {
      broker: this.#broker.connect(),
      isInterrupted: () => false,
    })
    this.#work()
  }

  /** Nothing comes for a while. */
  async idle(ms: number): Promise<void> {
    const { task, collector } = this.#running
    task.passIdly()
    await this.clock.advance(ms)
    task.passIdly()
    collector.send()
  }

  #begin() {
    const running = newTask(this.#subTopology, {
      broker: this.#broker,
      clock: this.clock,
      idleAfterMs: this.#idleAfterMs,
      drainedAt: () => this.clock.monotonic(),
    })
    running.task.start([{ topic: 'in', partition: 0, offset: this.#committed }])
    this.#position = this.#committed
    return running
  }

  #append(text: string): void {
    const [, key = '', value = '1', at] = /^(\w*)(?:=(.+))?@(-?\d+)$/.exec(text) ?? []
    if (at === undefined) throw new Error(`"${text}": write key=value@time`)
    const builder = new RecordBatchBuilder()
    const bytes = value === 'null' ? null : Buffer.from(value)
    builder.append(Number(at), key === '' ? null : Buffer.from(key), bytes)
    this.#broker.append({ topic: 'in', partition: 0 }, builder.build())
  }

  #work(): void {
    const { task, collector } = this.#running
    const log = this.#broker.topics.get('in')?.logs[0]
    const batches = log?.read(this.#position, Infinity) ?? []
    const place = { topic: 'in', partition: 0, position: this.#position }
    task.add({ ...place, batches, highWatermark: log?.endOffset ?? 0, receivedAt: 0 })
    this.#position = log?.endOffset ?? 0
    task.process()
    collector.send()
  }

  #read(topic: string) {
    const batches = this.#broker.topics.get(topic)?.logs[0]?.read(0, Infinity) ?? []
    return recordsOf({ topic, partition: 0, position: 0, highWatermark: 0, batches })
  }
}
