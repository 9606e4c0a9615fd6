import type { Broker } from './broker/broker.ts'
import type { RuntimeConfig, RuntimeStatus } from './config.ts'
import type { Clock } from './platform/clock.ts'
import type { Logger } from './platform/logger.ts'
import { startStreamThread } from './threads/stream-thread.ts'
import { together } from './threads/together.ts'
import type { Topology } from './topology/topology.ts'

export interface InstanceOptions {
  readonly config: RuntimeConfig
  readonly broker: Broker
  /** Stays the same when the instance comes back, such as the pod's name. */
  readonly instanceId: string
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  /** Loads the topology of a TypeScript job. */
  readonly loadTopology: (config: RuntimeConfig) => Promise<Topology>
}

export interface Instance {
  status(): RuntimeStatus
  /** True once its tasks are restored and running, as long as the loop comes round. */
  ready(): boolean
  /** Ends when the instance has stopped; rejects with what stopped it if that was not `stop`. */
  readonly ended: Promise<void>
  stop(): Promise<void>
  /** Dies without a word, as a killed process does. For crash tests. */
  abandon(): Promise<void>
}

/**
 * Starts a job in this event loop, all `threads` of it: members of the group of their own that take turns. For dev mode
 * and tests, whose broker lives in this process's memory; a pod runs them side by side (`threads/worker-threads.ts`).
 */
export function startInstance(options: InstanceOptions): Instance {
  const { config, clock, log } = options
  const threads = Array.from({ length: config.threads }, (_, index) => {
    const thread = index + 1
    return startStreamThread({ ...options, thread, log: log.child({ thread }) })
  })
  return together(threads, clock)
}
