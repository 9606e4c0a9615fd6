import { combinedKey } from '../serde/combined-key.ts'
import {
  instruction,
  type Subscription,
  type SubscriptionResponse,
  subscriptionSerde,
} from '../serde/subscription.ts'
import type { KeyValueStore } from '../state/store.ts'
import type { ForeignKeySubscriptionsNode } from '../topology/foreign-key-nodes.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

/** Keeps or forgets the subscription, then answers it with what the right table has now. */
export function foreignKeySubscriptionsProcessor(
  { name, reads: [right] }: ForeignKeySubscriptionsNode,
  store: KeyValueStore,
  { forward, dropped, view }: Pick<Wiring, 'forward' | 'dropped' | 'view'>,
): Processor {
  const rows = view(right)

  const keep = (key: Buffer, subscription: Subscription, timestamp: number) => {
    const kept = isEnd(subscription) ? undefined : subscriptionSerde.serialize(subscription)
    store.put(combinedKey(key, subscription.primaryKey), kept, timestamp)
  }

  const answer = (record: FlowRecord, subscription: Subscription, key: Buffer | null) => {
    const row = key === null ? undefined : rows.get(key, record)
    const value = answerTo(subscription, row?.value ?? null)
    if (value === undefined) return
    const { hash, partition, primaryKey } = subscription
    const timestamp = Math.max(record.timestamp, row?.timestamp ?? -1)
    const response: SubscriptionResponse = { hash, value, partition }
    forward(record.withKey(primaryKey).withValue(response).withTimestamp(timestamp))
  }

  return {
    process(record) {
      const key = record.keyBytes()
      const subscription = record.value as Subscription
      // Without a key there is nothing to find; a left join wants to hear even that.
      if (key !== null) keep(key, subscription, record.timestamp)
      else if (subscription.instruction !== instruction.answerAlways)
        return dropped(name, 'null-foreign-key')
      answer(record, subscription, key)
    },
  }
}

const isEnd = ({ instruction: what }: Subscription): boolean =>
  what === instruction.deleteSilently || what === instruction.deleteAndAnswer

/** The value to send; undefined to send nothing. */
function answerTo({ instruction: what }: Subscription, row: unknown): unknown {
  switch (what) {
    case instruction.deleteSilently:
      return undefined
    case instruction.deleteAndAnswer:
      return null
    case instruction.answerAlways:
      return row
    case instruction.answerIfFound:
      return row ?? undefined
  }
}
