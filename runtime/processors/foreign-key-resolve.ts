import type { SubscriptionResponse } from '../serde/subscription.ts'
import type { ForeignKeyResolveNode } from '../topology/foreign-key-nodes.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'
import { rowHash } from './row-hash.ts'

/**
 * An answer to a row that has changed meanwhile is dropped: another is on its way. Only a row without foreign key asks for
 * none under Inner; so what its last one says by way of farewell is true however late, and what was there is taken back.
 */
export function foreignKeyResolveProcessor(
  { name, reads: [left, result], type, foreignKey, joiner }: ForeignKeyResolveNode,
  { forward, dropped, view }: Pick<Wiring, 'forward' | 'dropped' | 'view'>,
): Processor {
  const rows = view(left)
  const results = view(result)
  const asksNobody = (record: FlowRecord, row: unknown): boolean =>
    type === 'Inner' && (row === null || (foreignKey(record.withValue(row)) ?? null) === null)

  const takeBack = (record: FlowRecord, key: Buffer) => {
    if (results.get(key, record) !== undefined) forward(record.withValue(null))
  }

  const tooLate = (record: FlowRecord, key: Buffer, row: unknown) => {
    dropped(name, 'stale-response')
    const { isFarewell } = record.value as SubscriptionResponse
    if (isFarewell && asksNobody(record, row)) takeBack(record, key)
  }

  return {
    process(record) {
      const key = record.keyBytes()
      if (key === null) return dropped(name, 'null-key')
      const { hash, value, isReminder } = record.value as SubscriptionResponse
      const row = rows.get(key, record)?.value ?? null
      if (!isSame(hash, rowHash(row))) return tooLate(record, key, row)
      if (isReminder) return takeBack(record, key)
      const isNothing = value === null && (type === 'Inner' || row === null)
      forward(record.withValue(isNothing ? null : joiner(row, value)))
    },
  }
}

const isSame = (a: Buffer | null, b: Buffer | null): boolean =>
  a === null || b === null ? a === b : a.equals(b)
