import type { KeyValueStore } from '../state/store.ts'
import type { ToTableNode } from '../topology/table-nodes.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

/** Later offsets win, whatever their time: as Kafka Streams, which only warns then. */
export const toTableProcessor = (
  { name, removesOwnOnly }: ToTableNode,
  store: KeyValueStore,
  { forward, dropped }: Pick<Wiring, 'forward' | 'dropped'>,
): Processor => ({
  process(record) {
    const key = record.keyBytes()
    if (key === null) return dropped(name, 'null-key')
    if (record.window !== null) {
      throw new TypeError(
        'a table keeps one value a key, not one a window: make the window part of the key first',
      )
    }
    const oldValue = store.get(key)?.value
    const value = record.value ?? undefined
    if (value === undefined && oldValue === undefined && removesOwnOnly === true) return
    store.put(key, value, record.timestamp)
    forward(value === undefined ? record.withChange(null, oldValue) : record.withOldValue(oldValue))
  },
})
