import type { GroupMemberOptions } from '../broker/broker.ts'
import { groupAssignor } from './group-assignor.ts'
import { encodeInfo, partitionsSeenBy } from './member-info.ts'
import type { PartitionCounts } from './partition-counts.ts'
import type { TaskManager } from './task-manager.ts'
import type { WorkerOptions } from './worker-options.ts'
import type { WorkerState } from './worker-state.ts'

const REBALANCE_TIMEOUT_MS = 60_000

/** How a thread takes part in its group: under a lasting name, telling what it has and how many partitions it sees. */
export function membership(
  { config, subTopologies, instanceId, thread }: WorkerOptions,
  {
    tasks,
    state,
    counts,
    memberId,
  }: {
    readonly tasks: TaskManager
    readonly state: WorkerState
    readonly counts: PartitionCounts
    /** That under which it has its tasks. */
    readonly memberId: () => string
  },
): GroupMemberOptions {
  const assign = groupAssignor(subTopologies, config.state)
  return {
    groupId: config.applicationId,
    // With the number even where there is one thread, so that another `threads` finds the same members again.
    instanceId: `${instanceId}-${thread}`,
    topics: [...new Set(subTopologies.flatMap(({ sources }) => sources.map((s) => s.topic)))],
    userData: (id) =>
      encodeInfo({
        version: 1,
        process: instanceId,
        tasks: tasks.names,
        ...state.memberInfo(tasks.all),
        keeps: id === memberId() ? tasks.running.map(({ name }) => name) : [],
        partitions: Object.fromEntries(counts.current),
      }),
    assign: (members, brokers) =>
      assign(members, counts.agreed([brokers, ...members.map(partitionsSeenBy)])),
    sessionTimeoutMs: config.sessionTimeoutMs,
    rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
  }
}
