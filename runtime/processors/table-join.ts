import type { TableJoinNode } from '../topology/join-nodes.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

/** Lets each record meet what the table has for its key as of now; an update of the table makes nothing by itself. */
export function tableJoinProcessor(
  { name, type, joiner, reads: [table] }: TableJoinNode,
  { forward, dropped, view }: Pick<Wiring, 'forward' | 'dropped' | 'view'>,
): Processor {
  const rows = view(table)
  return {
    process(record) {
      const key = record.keyBytes()
      if (record.value === null) return dropped(name, 'null-value')
      if (key === null && type === 'Inner') return dropped(name, 'null-key')
      const row = key === null ? null : (rows.get(key, record)?.value ?? null)
      if (row === null && type === 'Inner') return
      forward(record.withValue(joiner(record.value, row, record.key)))
    },
  }
}
