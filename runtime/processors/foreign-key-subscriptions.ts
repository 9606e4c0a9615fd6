import { combinedKey } from '../serde/combined-key.ts'
import {
  instruction,
  type Subscription,
  type SubscriptionResponse,
  subscriptionSerde,
} from '../serde/subscription.ts'
import type { KeyValueStore } from '../state/store.ts'
import type { ForeignKeySubscriptionsNode } from '../topology/foreign-key-nodes.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

const DELETES: ReadonlySet<number> = new Set([
  instruction.deleteSilently,
  instruction.deleteAndAnswer,
])

/** Keeps or forgets the subscription, then answers it with what the right table has now. */
export function foreignKeySubscriptionsProcessor(
  { name, reads: [right] }: ForeignKeySubscriptionsNode,
  store: KeyValueStore,
  { forward, dropped, view }: Pick<Wiring, 'forward' | 'dropped' | 'view'>,
): Processor {
  const rows = view(right)
  return {
    process(record) {
      const key = record.keyBytes()
      const subscription = record.value as Subscription
      const { hash, instruction: what, primaryKey, partition } = subscription
      if (key === null && what !== instruction.answerAlways)
        return dropped(name, 'null-foreign-key')
      if (key !== null) {
        const kept = DELETES.has(what) ? undefined : subscriptionSerde.serialize(subscription)
        store.put(combinedKey(key, primaryKey), kept, record.timestamp)
      }
      const row = key === null ? undefined : rows.get(key, record)
      if (what === instruction.deleteSilently) return
      if (what === instruction.answerIfFound && row === undefined) return
      const value = what === instruction.deleteAndAnswer ? null : (row?.value ?? null)
      const answer: SubscriptionResponse = { hash, value, partition }
      const timestamp = Math.max(record.timestamp, row?.timestamp ?? -1)
      forward(record.withKey(primaryKey).withValue(answer).withTimestamp(timestamp))
    },
  }
}
