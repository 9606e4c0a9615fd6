import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { EmbeddedBroker } from '../../../runtime/broker/embedded-broker.ts'
import { RecordBatchBuilder } from '../../../runtime/broker/record-batch-builder.ts'
import { keyAt, RecordBatch, valueAt } from '../../../runtime/broker/record-batch.ts'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { fuse } from '../../../runtime/fused/fuse.ts'
import type { Changelog } from '../../../runtime/tasks/changelog.ts'
import { topologyFromSteps } from '../../../runtime/topology/from-steps.ts'
import { repartitionTopic } from '../../../runtime/topology/internal-topics.ts'
import type { TopologyNode } from '../../../runtime/topology/nodes.ts'
import { type SubTopology, subTopologiesOf } from '../../../runtime/topology/sub-topologies.ts'
import { recordsOf } from '../../support/seen-records.ts'
import type { JobSpec } from '../../support/job-bench.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { DEAD_LETTERS, newTask } from '../tasks/new-task.ts'
import { randomJob, type RandomRecord, randomRecord } from './random-jobs.ts'

const RECORDS_A_JOB = 250
const PARTITIONS = 3

/** Runs random jobs on random records, fused and interpreted, and compares all that comes out. */
export function checkEquivalence(
  jobs: number,
  seed: number,
): {
  readonly fused: number
  readonly withState: number
  readonly held: number
  readonly windowed: number
  readonly sessions: number
  readonly joined: number
  readonly records: number
} {
  const seen = { fused: 0, withState: 0, held: 0, windowed: 0, sessions: 0, joined: 0, records: 0 }
  const records = (minLength: number) =>
    fc.array(randomRecord, { minLength, maxLength: RECORDS_A_JOB, size: 'max' })
  const inputs = fc.record({ in: records(1), rows: records(0), others: records(0) })
  fc.assert(
    fc.property(randomJob, inputs, move, (job, input, moved) => {
      const [subTopology, problems] = subTopologyOf(job)
      if (problems > 0 || subTopology === undefined) return
      const programs = fuse(subTopology, 'test.job', () => PARTITIONS)
      if (programs === undefined) return
      seen.fused++
      if (subTopology.stores.length > 0) seen.withState++
      if (subTopology.nodes.some(isHeld)) seen.held++
      if (subTopology.stores.some(({ kind }) => kind === 'window')) seen.windowed++
      if (subTopology.stores.some(({ kind }) => kind === 'session')) seen.sessions++
      if (subTopology.nodes.some(({ kind }) => kind.endsWith('-join'))) seen.joined++
      const given = givenTo(subTopology, input)
      for (const records of given.values()) seen.records += records.length
      const batches = new Map([...given].map(([topic, records]) => [topic, batchesOf(records)]))
      deepStrictEqual(
        run(subTopology, batches, { programs, moved }),
        run(subTopology, batches, { moved }),
      )
    }),
    { numRuns: jobs, seed },
  )
  return seen
}

/** Topic → what the sub-topology reads there. What comes back through a topic of the job's own is not there. */
function givenTo<R>(
  { sources }: SubTopology,
  input: Readonly<Record<string, readonly R[]>>,
): ReadonlyMap<string, readonly R[]> {
  return new Map(sources.map(({ topic }) => [topic, input[topic] ?? []]))
}

/** How the stores come to be those of another task half-way. */
type Move = 'Stays' | 'ByChangelog' | 'BySnapshot'
const move = fc.constantFrom<Move>('Stays', 'ByChangelog', 'BySnapshot')

const isHeld = (node: TopologyNode): boolean => 'emit' in node && node.emit === 'OnCommit'

/** The first part of a job, and how many problems it has. */
export function subTopologyOf(job: JobSpec): readonly [SubTopology | undefined, number] {
  const config = runtimeConfigSchema.parse({
    job: { namespace: 'test', name: 'job' },
    applicationId: 'test.job',
    kafka: { bootstrapServers: ['embedded:9092'] },
    ...job,
  })
  const { topology, problems } = topologyFromSteps(config)
  return [subTopologiesOf(topology, 'test.job')[0], problems.length]
}

/** Two batches, so that the position falls into the middle of the first and the second goes on from there. */
function batchesOf(records: readonly RandomRecord[]): RecordBatch[] {
  const half = Math.ceil(records.length / 2)
  const parts = [records.slice(0, half), records.slice(half)].filter(({ length }) => length > 0)
  let baseOffset = 0
  return parts.map((part) => {
    const builder = new RecordBatchBuilder()
    for (const { timestamp, key, value, headers } of part)
      builder.append(timestamp, key, value, headers)
    const bytes = builder.build()
    bytes.writeInt32BE(baseOffset, 4)
    baseOffset += part.length
    return new RecordBatch(bytes)
  })
}

function run(
  subTopology: SubTopology,
  batches: ReadonlyMap<string, readonly RecordBatch[]>,
  { programs, moved }: { readonly programs?: ReturnType<typeof fuse>; readonly moved: Move },
) {
  const broker = new EmbeddedBroker()
  const topics = [
    ...subTopology.nodes.flatMap((node) => (node.kind === 'sink' ? [node.topic] : [])),
    ...subTopology.exits.map((exit) => repartitionTopic('test.job', exit)),
    DEAD_LETTERS,
  ]
  const changelogs = subTopology.stores.flatMap(({ changelogTopic }) => changelogTopic ?? [])
  for (const name of [...topics, ...changelogs])
    broker.createTopic({ name, partitions: PARTITIONS })
  const { task, collector, tally } = newTask(subTopology, {
    broker,
    clock: new ManualClock(),
    programs,
    partitionCounts: new Map(topics.map((name) => [name, PARTITIONS])),
  })
  task.start(
    [...batches].map(([topic, { length }]) => ({
      ...{ topic, partition: 0 },
      offset: length > 1 ? 1 : 0,
    })),
  )
  for (const turn of [0, 1]) {
    for (const [topic, parts] of batches) {
      const fetched = { topic, partition: 0, position: 0, batches: parts.slice(turn, turn + 1) }
      task.add({ ...fetched, highWatermark: 100, receivedAt: 0 })
    }
    task.process()
    task.prepareCommit()
    task.stageChangelog()
    collector.send()
    if (turn === 0) for (const changelog of task.changelogs) moveStore(changelog, moved, broker)
  }
  const written = topics.map((topic) => [topic, recordsIn(broker, topic)] as const)
  // Between two commits the order of keys in a changelog says nothing.
  const changes = changelogs.map((topic) =>
    recordsIn(broker, topic)
      .flat()
      .map(({ key, value, timestamp }) => `${key} ${value} ${timestamp}`)
      .sort(),
  )
  const nodes = Object.entries(tally.nodes)
    .filter(([, count]) => count > 0)
    .sort()
  return {
    written,
    changes,
    tally: { ...tally, nodes },
    uncommitted: task.uncommitted(),
    // Where nothing goes by time, programs do not look at it.
    streamTime: subTopology.stores.some(({ kind }) => kind !== 'key-value') && task.streamTime,
    produced: collector.produced,
  }
}

/** What the changelog or a snapshot does not tell is lost, whoever takes the records. */
function moveStore(
  { store, topic, partition }: Changelog,
  moved: Move,
  broker: EmbeddedBroker,
): void {
  if (moved === 'Stays') return
  const blocks = [...store.dump(1000)].map((block) => Buffer.from(block))
  store.clear()
  if (moved === 'BySnapshot') for (const block of blocks) store.load(block)
  else
    for (const batch of broker.topics.get(topic)?.logs[partition]?.read(0, Infinity) ?? []) {
      const columns = batch.columns()
      for (let index = 0; index < columns.count; index++)
        store.restore({
          key: keyAt(columns, index) ?? Buffer.alloc(0),
          value: valueAt(columns, index),
          timestamp: batch.timestamp(columns, index),
        })
    }
}

const recordsIn = (broker: EmbeddedBroker, topic: string) =>
  (broker.topics.get(topic)?.logs ?? []).map((log, partition) =>
    recordsOf({ topic, partition, position: 0, highWatermark: 0, batches: log.read(0, Infinity) }),
  )
