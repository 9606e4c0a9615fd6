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

  /** True if the owner had subscribed before. */
  const keep = (key: Buffer, subscription: Subscription, timestamp: number): boolean => {
    const kept = isEnd(subscription) ? undefined : subscriptionSerde.serialize(subscription)
    const place = combinedKey(key, subscription.primaryKey)
    const isKnown = store.get(place) !== undefined
    store.put(place, kept, timestamp)
    return isKnown
  }

  const answer = (
    record: FlowRecord,
    subscription: Subscription,
    { key, isKnown }: { readonly key: Buffer | null; readonly isKnown: boolean },
  ) => {
    const row = key === null ? undefined : rows.get(key, record)
    const answer = answerTo(subscription, row?.value ?? null, isKnown)
    if (answer === undefined) return
    const { hash, partition, primaryKey } = subscription
    const timestamp = Math.max(record.timestamp, row?.timestamp ?? -1)
    const response: SubscriptionResponse = { ...answer, hash, partition }
    forward(record.withKey(primaryKey).withValue(response).withTimestamp(timestamp))
  }

  return {
    process(record) {
      const key = record.keyBytes()
      const subscription = record.value as Subscription
      // Without a key there is nothing to find; a left join wants to hear even that.
      if (key === null && subscription.instruction !== instruction.answerAlways)
        return dropped(name, 'null-foreign-key')
      const isKnown = key !== null && keep(key, subscription, record.timestamp)
      answer(record, subscription, { key, isKnown })
    },
  }
}

const isEnd = ({ instruction: what }: Subscription): boolean =>
  what === instruction.deleteSilently || what === instruction.deleteAndAnswer

/**
 * undefined: none. An owner that keeps its key may have been joined with a row that is gone, and have missed the answer that
 * said so: that was to its old row. So it is reminded, where Kafka Streams leaves what it was joined with for ever.
 */
function answerTo(
  { instruction: what }: Subscription,
  row: unknown,
  isKnown: boolean,
): Omit<SubscriptionResponse, 'hash' | 'partition'> | undefined {
  switch (what) {
    case instruction.deleteSilently:
      return undefined
    case instruction.deleteAndAnswer:
      return { value: null, isFarewell: true }
    case instruction.answerAlways:
      return { value: row }
    case instruction.answerIfFound:
      if (row !== null) return { value: row }
      return isKnown ? { value: null, isReminder: true } : undefined
  }
}
