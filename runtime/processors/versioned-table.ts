import type { VersionedStore } from '../state/store.ts'
import type { ToTableNode } from '../topology/table-nodes.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

/** A table with its history. What is not the latest of its key is put where it belongs, and is no update of the table. */
export const versionedTableProcessor = (
  { name }: ToTableNode,
  store: VersionedStore,
  { forward, dropped }: Pick<Wiring, 'forward' | 'dropped'>,
): Processor => ({
  process(record) {
    const key = record.keyBytes()
    if (key === null) return dropped(name, 'null-key')
    const { timestamp } = record
    const value = record.value ?? undefined
    const oldValue = store.get(key)?.value
    const isLatest = timestamp >= store.latestTime(key)
    if (!store.put(key, value, timestamp)) return dropped(name, 'late')
    if (!isLatest) return
    forward(value === undefined ? record.withChange(null, oldValue) : record.withOldValue(oldValue))
  },
})
