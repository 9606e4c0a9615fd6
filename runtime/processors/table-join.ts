import type { KeyValueStore } from '../state/store.ts'
import type { TableJoinNode } from '../topology/join-nodes.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

/** Lets each record meet what the table has for its key as of now; an update of the table makes nothing by itself. */
export function tableJoinProcessor(
  { name, type, joiner, rowOf }: TableJoinNode,
  table: KeyValueStore,
  { forward, dropped }: Pick<Wiring, 'forward' | 'dropped'>,
): Processor {
  const rowAt = (key: Buffer | null): unknown => {
    const stored = key === null ? undefined : table.get(key)
    return stored === undefined ? null : (rowOf(stored.value) ?? null)
  }
  return {
    process(record) {
      const key = record.keyBytes()
      if (record.value === null) return dropped(name, 'null-value')
      if (key === null && type === 'Inner') return dropped(name, 'null-key')
      const row = rowAt(key)
      if (row === null && type === 'Inner') return
      forward(record.withValue(joiner(record.value, row, record.key)))
    },
  }
}
