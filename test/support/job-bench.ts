import { deepStrictEqual } from 'node:assert'
import type { Broker } from '../../runtime/broker/broker.ts'
import { EmbeddedBroker } from '../../runtime/broker/embedded-broker.ts'
import { partitionFor } from '../../runtime/broker/partitioner.ts'
import { RecordBatchBuilder } from '../../runtime/broker/record-batch-builder.ts'
import { type RuntimeConfigInput, runtimeConfigSchema } from '../../runtime/config.ts'
import { type Instance, type InstanceOptions, startInstance } from '../../runtime/instance.ts'
import { type Clock, systemClock } from '../../runtime/platform/clock.ts'
import { silentLogger } from '../../runtime/platform/silent-logger.ts'
import { recordsOf, type SeenRecord } from './seen-records.ts'
import { eventually } from './eventually.ts'

export type JobSpec = Omit<RuntimeConfigInput, 'job' | 'kafka' | 'applicationId'>

/** The time of a record that is given none. */
export const PRODUCED_AT = 1_700_000_000_000

/** A job on an embedded broker: topics, inputs, instances, and what came out. */
export class JobBench {
  readonly embedded: EmbeddedBroker
  readonly #clock: Clock
  readonly #instances: Instance[] = []

  constructor(topics: Readonly<Record<string, number>>, clock: Clock = systemClock) {
    this.embedded = new EmbeddedBroker(clock)
    this.#clock = clock
    for (const [name, partitions] of Object.entries(topics))
      this.embedded.createTopic({ name, partitions })
  }

  start(
    spec: JobSpec,
    overrides: Partial<InstanceOptions> & { instanceId?: string; broker?: Broker } = {},
  ): Instance {
    const instance = startInstance({
      config: runtimeConfigSchema.parse({
        job: { namespace: 'test', name: 'job' },
        applicationId: 'test.job',
        kafka: { bootstrapServers: ['embedded:9092'] },
        commitIntervalMs: 50,
        ...spec,
      }),
      broker: this.embedded.connect(),
      instanceId: `job-${this.#instances.length}`,
      clock: this.#clock,
      random: () => 0.5,
      log: silentLogger,
      loadTopology: () => Promise.reject(new Error('no TypeScript job here')),
      ...overrides,
    })
    this.#instances.push(instance)
    return instance
  }

  /** One batch a record, by key like any producer. */
  produce(
    topic: string,
    records: readonly (readonly [key: string | null, value: unknown, time?: number])[],
  ): void {
    const partitions = this.embedded.topics.get(topic)?.logs.length ?? 1
    for (const [key, value, time = PRODUCED_AT] of records) {
      const builder = new RecordBatchBuilder()
      const bytes = key === null ? null : Buffer.from(key)
      const payload =
        value === null
          ? null
          : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
      builder.append(time, bytes, payload)
      const partition = bytes === null ? 0 : partitionFor(bytes, partitions)
      this.embedded.append({ topic, partition }, builder.build())
    }
  }

  records(topic: string): SeenRecord[] {
    const logs = this.embedded.topics.get(topic)?.logs ?? []
    return logs.flatMap((log, partition) =>
      recordsOf({
        topic,
        partition,
        position: 0,
        highWatermark: 0,
        batches: log.readCommitted(0, Infinity).batches,
      }),
    )
  }

  values(topic: string): unknown[] {
    return this.records(topic).map(({ value }) =>
      value === null ? null : (JSON.parse(value) as unknown),
    )
  }

  /** The last value of each key, as a compacted topic would keep it. */
  latest(topic: string): Record<string, unknown> {
    return Object.fromEntries(
      this.records(topic).map(({ key, value }) => [
        key ?? '',
        value === null ? null : (JSON.parse(value) as unknown),
      ]),
    )
  }

  async expectValues(topic: string, expected: readonly unknown[]): Promise<void> {
    await eventually(() => deepStrictEqual(this.values(topic), expected), { everyMs: 5 })
  }

  /** Throws unless every task stands at the end of what it reads and no transaction is open: all has come out. */
  expectIdle(instance: Instance): void {
    const { tasks, state } = instance.status()
    const behind = tasks.flatMap(({ partitions }) =>
      partitions.filter(
        ({ topic, partition, position }) =>
          position < (this.embedded.topics.get(topic)?.logs[partition]?.endOffset ?? 0),
      ),
    )
    const logs = [...this.embedded.topics.values()].flatMap((topic) => topic.logs)
    const isOpen = logs.some(({ lastStableOffset, endOffset }) => lastStableOffset < endOffset)
    if (state !== 'Running' || behind.length > 0 || isOpen)
      throw new Error(`the job is still ${state}`)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#instances.splice(0).map((instance) => instance.stop()))
  }
}
