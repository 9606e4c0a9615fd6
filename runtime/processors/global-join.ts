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
  const rowOf = (key: unknown) => (key === null ? null : (rows.get(key)?.value ?? null))
  const isLeft = type === 'Left'
  return {
    process(record) {
      const { value } = record
      if (value === null || value === undefined) return dropped(name, 'null-value')
      const key = selector(record) ?? null
      if (key === null && !(isLeft && record.key === null)) return dropped(name, 'null-key')
      const row = rowOf(key)
      if (row !== null || isLeft) forward(record.withValue(joiner(value, row)))
    },
  }
}
