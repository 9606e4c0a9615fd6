import { combinedKeyPrefix } from '../serde/combined-key.ts'
import {
  type Subscription,
  type SubscriptionResponse,
  subscriptionSerde,
} from '../serde/subscription.ts'
import type { KeyValueStore } from '../state/store.ts'
import type { Forward, Processor } from './processor.ts'

/** `store`: of the subscriptions. */
export const foreignKeyAnswerProcessor = (store: KeyValueStore, forward: Forward): Processor => ({
  process(record) {
    const key = record.keyBytes()
    if (key === null) return
    for (const { value } of store.withPrefix(combinedKeyPrefix(key))) {
      const bytes = Buffer.from(value as Uint8Array)
      const { hash, primaryKey, partition } = subscriptionSerde.deserialize(bytes) as Subscription
      const answer: SubscriptionResponse = { hash, value: record.value, partition }
      forward(record.withKey(primaryKey).withValue(answer))
    }
  },
})
