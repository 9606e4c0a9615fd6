import type { SubscriptionResponse } from '../serde/subscription.ts'
import type { ForeignKeyResolveNode } from '../topology/foreign-key-nodes.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'
import { rowHash } from './row-hash.ts'

/** An answer to a row that has changed meanwhile is dropped: another is on its way. */
export function foreignKeyResolveProcessor(
  { name, reads: [left], type, joiner }: ForeignKeyResolveNode,
  { forward, dropped, view }: Pick<Wiring, 'forward' | 'dropped' | 'view'>,
): Processor {
  const rows = view(left)
  return {
    process(record) {
      const key = record.keyBytes()
      if (key === null) return dropped(name, 'null-key')
      const { hash, value } = record.value as SubscriptionResponse
      const row = rows.get(key, record)?.value ?? null
      if (!isSame(hash, rowHash(row))) return dropped(name, 'stale-response')
      const isNothing = value === null && (type === 'Inner' || row === null)
      forward(record.withValue(isNothing ? null : joiner(row, value)))
    },
  }
}

const isSame = (a: Buffer | null, b: Buffer | null): boolean =>
  a === null || b === null ? a === b : a.equals(b)
