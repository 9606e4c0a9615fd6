import type { Broker } from '../broker/broker.ts'
import type { RuntimeConfig, RuntimeState } from '../config.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import type { Counts } from './partition-counts.ts'
import type { Tally } from './tally.ts'

export interface WorkerOptions {
  readonly config: RuntimeConfig
  readonly subTopologies: readonly SubTopology[]
  /** Of all topics of the job, its own included. */
  readonly partitionCounts: Counts
  /** Those of the user's: they may grow while the job runs. */
  readonly externalTopics: readonly string[]
  readonly deadLetterTopic: string
  readonly broker: Broker
  readonly instanceId: string
  /** Which thread of the instance this is, from 1. */
  readonly thread: number
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  readonly tally: Tally
  readonly onState: (state: RuntimeState) => void
}
