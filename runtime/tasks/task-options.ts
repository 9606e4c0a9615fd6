import type { Program } from '../fused/program.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { Wiring } from '../processors/processor-of.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import type { OnError } from './error-policy.ts'
import type { OutputCollector } from './output-collector.ts'
import type { DrainedAt } from './partition-group.ts'
import type { Tally } from './tally.ts'
import type { TaskId } from './task-id.ts'
import type { TaskStores } from './task-stores.ts'

export interface TaskOptions {
  readonly id: TaskId
  readonly subTopology: SubTopology
  readonly applicationId: string
  readonly job: string
  readonly onError: OnError
  readonly deadLetterTopic: string
  readonly collector: OutputCollector
  readonly tally: Tally
  /** The sub-topology as functions over batches, if it can be; the tasks of a worker share them. */
  readonly programs: ReadonlyMap<string, Program> | undefined
  /** For the time-outs of async functions, for users' processors and for the time of dead letters. */
  readonly clock: Clock
  /** As `TaskTimeOptions` has it. */
  readonly idleAfterMs?: number | undefined
  readonly drainedAt: DrainedAt
  readonly log: Logger
  /** An async function has answered: `process` has something to do. */
  readonly onAnswer: () => void
  /** The thread's copies of global tables. */
  readonly global: Wiring['global']
  readonly stores: TaskStores
}
