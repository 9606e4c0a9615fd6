import type { StateStore } from '../state/store.ts'
import type { Changelog } from './changelog.ts'
import type { OutputCollector } from './output-collector.ts'

/** One changelog record for each key that changed since the last time; none of a store without a changelog. */
export function stageChanges(
  stores: readonly StateStore[],
  changelogs: readonly Changelog[],
  collector: OutputCollector,
): void {
  for (const store of stores) {
    const changelog = changelogs.find((one) => one.store === store)
    if (changelog !== undefined && store.takeDirtyInto !== undefined && !collector.knowsLimits)
      store.takeDirtyInto(collector.rowsTo(changelog))
    else stageEach(store, changelog, collector)
  }
}

function stageEach(
  store: StateStore,
  changelog: Changelog | undefined,
  collector: OutputCollector,
): void {
  for (const record of store.takeDirty()) {
    if (changelog === undefined) continue
    const { topic, partition } = changelog
    collector.stage({ topic, partition, ...record, headers: [] })
  }
  collector.accept()
}
