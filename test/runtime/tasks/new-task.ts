import type { EmbeddedBroker } from '../../../runtime/broker/embedded-broker.ts'
import type { Clock } from '../../../runtime/platform/clock.ts'
import { silentLogger } from '../../../runtime/platform/silent-logger.ts'
import { OutputCollector } from '../../../runtime/tasks/output-collector.ts'
import type { Tally } from '../../../runtime/tasks/tally.ts'
import { Task } from '../../../runtime/tasks/task.ts'
import type { TaskOptions } from '../../../runtime/tasks/task-options.ts'
import { openStores } from '../../../runtime/tasks/task-stores.ts'
import type { SubTopology } from '../../../runtime/topology/sub-topologies.ts'

export const DEAD_LETTERS = 'dead-letters'

/** The task of partition 0 of a sub-topology, under `DeadLetter`, with what it writes to and counts in. */
export function newTask(
  subTopology: SubTopology,
  around: {
    readonly broker: EmbeddedBroker
    readonly clock: Clock
    readonly programs?: TaskOptions['programs']
    readonly drainedAt?: TaskOptions['drainedAt']
    readonly partitionCounts?: ReadonlyMap<string, number>
    readonly idleAfterMs?: number | undefined
  },
) {
  const {
    broker,
    clock,
    programs,
    idleAfterMs,
    partitionCounts = new Map<string, number>(),
  } = around
  const { drainedAt = () => Infinity } = around
  const producer = broker.connect().producer()
  const collector = new OutputCollector({ producer, partitionCounts, compression: 'none' })
  const tally: Tally = { consumed: 0, skipped: 0, deadLettered: 0, nodes: {}, dropped: {} }
  const task = new Task({
    id: { subTopology: 0, partition: 0 },
    subTopology,
    applicationId: 'test.job',
    job: 'test/job',
    onError: 'DeadLetter',
    deadLetterTopic: DEAD_LETTERS,
    collector,
    tally,
    programs,
    clock,
    idleAfterMs,
    drainedAt,
    log: silentLogger,
    onAnswer: () => undefined,
    global: () => ({ get: () => undefined }),
    stores: openStores(subTopology.stores, 0, undefined),
  })
  return { task, collector, tally }
}
