import type { Broker, FetchedPartition, Fetcher } from '../broker/broker.ts'
import { keyAt, valueAt } from '../broker/record-batch.ts'
import type { StateStore } from '../state/store.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import type { Task } from './task.ts'

const RESTORE_BYTES = 4 * 1024 * 1024
const POLL_MS = 500

/**
 * Fills a task's stores from their changelogs, up to the end as it is now: nobody else writes there any more. A transaction
 * of the last owner that is open is waited for, as what lies behind it cannot be read before. Goes by the position, not by
 * the last record, which compaction may have removed. Returns false if `interrupted` ended it early.
 */
export async function restoreTask(
  task: Task,
  subTopology: SubTopology,
  broker: Broker,
  interrupted: () => boolean,
): Promise<boolean> {
  if (task.stores.length === 0) return true
  const fetcher = broker.fetcher({ maxBytes: RESTORE_BYTES })
  try {
    for (const store of task.stores) {
      const topic = subTopology.stores.find(({ name }) => name === store.name)?.changelogTopic
      if (topic === undefined) continue
      const from = { topic, partition: task.id.partition }
      const [start] = await broker.admin.listOffsets([from], 'earliest')
      const [end] = await broker.admin.listOffsets([from], 'highWatermark')
      if (start === undefined || end === undefined) continue
      fetcher.assign(start)
      if (!(await readUpTo(end.offset))) return false
      fetcher.unassign(from)

      async function readUpTo(endOffset: number): Promise<boolean> {
        for (;;) {
          task.restoreRemaining = endOffset - (fetcher.position(from) ?? endOffset)
          if (task.restoreRemaining <= 0) return true
          if (interrupted()) return false
          await restoreSome(fetcher, task, store)
        }
      }
    }
    return true
  } finally {
    await fetcher.close()
  }
}

async function restoreSome(fetcher: Fetcher, task: Task, store: StateStore): Promise<void> {
  for (const fetched of await fetcher.poll(POLL_MS)) restoreFetched(fetched, task, store)
}

function restoreFetched({ batches }: FetchedPartition, task: Task, store: StateStore): void {
  for (const batch of batches) {
    const columns = batch.columns()
    for (let index = 0; index < columns.count; index++) {
      const key = keyAt(columns, index)
      const timestamp = batch.timestamp(columns, index)
      task.restoreTime(timestamp)
      if (key !== null) store.restore({ key, value: valueAt(columns, index), timestamp })
    }
  }
}
