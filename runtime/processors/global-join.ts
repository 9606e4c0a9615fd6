import type { GlobalJoinNode } from '../topology/global-nodes.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

/**
 * As Kafka Streams' KStreamKTableJoinProcessor with a global table: a record without value, or for which no key is found, is
 * dropped, but not one without key of its own that a left join keeps.
 */
export function globalJoinProcessor(
  { name, table, selector, type, joiner }: GlobalJoinNode,
  { forward, dropped, global }: Pick<Wiring, 'forward' | 'dropped' | 'global'>,
): Processor {
  const rows = global(table)
  return {
    process(record) {
      const value = record.value ?? null
      if (value === null) return dropped(name, 'null-value')
      const key = selector(record) ?? null
      const isKept = type === 'Left' && record.key === null
      if (key === null && !isKept) return dropped(name, 'null-key')
      const row = key === null ? null : (rows.get(key)?.value ?? null)
      if (row === null && type === 'Inner') return
      forward(record.withValue(joiner(value, row)))
    },
  }
}
