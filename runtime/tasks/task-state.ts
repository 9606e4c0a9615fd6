/**
 * ```
 *   Created ──► Restoring ──► Running ──► Closed
 *      │            │                       ▲
 *      └────────────┴───────────────────────┘
 * ```
 * A task keeps running through a rebalance that leaves it where it is.
 */
export type TaskState = 'Created' | 'Restoring' | 'Running' | 'Closed'

const next: Readonly<Record<TaskState, readonly TaskState[]>> = {
  Created: ['Restoring', 'Closed'],
  Restoring: ['Running', 'Closed'],
  Running: ['Closed'],
  Closed: [],
}

/** Returns `to`, or throws if the table above does not allow the move. */
export function moveTask(task: string, from: TaskState, to: TaskState): TaskState {
  if (next[from].includes(to)) return to
  throw new Error(`task ${task} cannot go from ${from} to ${to}`)
}
