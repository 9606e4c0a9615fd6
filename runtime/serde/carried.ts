import type { RecordFormat } from '../config.ts'
import { changeSerde } from './change.ts'
import { type Serde, serdes } from './serde.ts'
import { subscriptionResponseSerde, subscriptionSerde } from './subscription.ts'

/** What lies in a topic between sub-topologies: values as they are, or what a table operator tells another. */
export type Carried = 'values' | 'changes' | 'subscriptions' | 'responses'

const wrap: Readonly<Record<Carried, (values: Serde) => Serde>> = {
  values: (values) => values,
  changes: changeSerde,
  subscriptions: () => subscriptionSerde,
  responses: subscriptionResponseSerde,
}

const wrapped = new Map<string, Serde>()

/** The same object each time, by which a record knows that its bytes can go on as they are. */
export function serdeOf(format: RecordFormat, carries: Carried = 'values'): Serde {
  const id = `${carries} ${format}`
  const serde = wrapped.get(id) ?? wrap[carries](serdes[format])
  wrapped.set(id, serde)
  return serde
}
