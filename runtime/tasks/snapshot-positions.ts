import { join } from 'node:path'
import { readHead } from '../state/snapshot-reader.ts'
import type { StoreSpec } from '../topology/store-spec.ts'
import type { OwnedTask } from './owned-tasks.ts'
import { taskName } from './task-id.ts'
import { layoutOf, MAX_AGE_MS } from './usable-snapshot.ts'

/** Where the snapshot of a store is. */
export const snapshotPath = (directory: string, topic: string, partition: number): string =>
  join(directory, topic, `${partition}.snapshot`)

/**
 * Task → how much of its changelogs is in snapshots here, as far as they can be judged by their heads; those without are absent.
 */
export async function snapshotPositions(
  directory: string | undefined,
  tasks: readonly OwnedTask[],
  nowMs: number,
): Promise<ReadonlyMap<string, number>> {
  const positions = new Map<string, number>()
  if (directory === undefined) return positions
  for (const { id, subTopology } of tasks) {
    let sum = 0
    for (const spec of subTopology.stores)
      sum += await startOf(directory, { spec, partition: id.partition, nowMs })
    if (sum > 0) positions.set(taskName(id), sum)
  }
  return positions
}

async function startOf(
  directory: string,
  of: { readonly spec: StoreSpec; readonly partition: number; readonly nowMs: number },
): Promise<number> {
  const { spec, partition, nowMs } = of
  const { changelogTopic: topic } = spec
  if (topic === undefined) return 0
  const head = await readHead(snapshotPath(directory, topic, partition))
  const isUsable =
    head?.layout === layoutOf(spec) && nowMs - head.startedAt < MAX_AGE_MS && head.topic === topic
  return isUsable ? head.start : 0
}
