import type { StateStore } from '../state/store.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import type { OutputCollector } from './output-collector.ts'

/** One changelog record for each key that changed since the last time; none of a store without a changelog. */
export function stageChanges(
  stores: readonly StateStore[],
  subTopology: Pick<SubTopology, 'stores'>,
  { collector, partition }: { readonly collector: OutputCollector; readonly partition: number },
): void {
  for (const store of stores) {
    const topic = subTopology.stores.find(({ name }) => name === store.name)?.changelogTopic
    for (const record of store.takeDirty()) {
      if (topic !== undefined) collector.stage({ topic, partition, ...record, headers: [] })
    }
    collector.accept()
  }
}
