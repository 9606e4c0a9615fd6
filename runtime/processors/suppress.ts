import type { Buffered, BufferStore } from '../state/store.ts'
import type { SuppressNode } from '../topology/window-nodes.ts'
import type { FlowRecord } from './flow-record.ts'
import { keptContext, recordOf } from './kept-update.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'

/** As Kafka Streams' suppress: what goes on is the last update of a key, in the context of that update. */
export function suppressProcessor(
  node: SuppressNode,
  store: BufferStore,
  wiring: Wiring,
): Processor {
  const { name, from, waitMs, maxRecords = Infinity, maxBytes = Infinity } = node
  const { dropped } = wiring
  const forward = wiring.alone(wiring.forward)
  const observed = wiring.streamTime(name)

  /** Nobody has seen a window's value before its last: there is nothing to take back. */
  const isForwarded = ({ value }: Buffered) => from === 'Update' || value !== null

  function release(buffered: Buffered, record: FlowRecord): void {
    store.remove(buffered)
    if (isForwarded(buffered)) forward(recordOf(buffered, record.keySerde))
  }

  function releaseDue(record: FlowRecord): void {
    const time = observed.advanceTo(record.timestamp)
    for (const buffered of store.upTo(time - waitMs)) release(buffered, record)
    while (store.count > maxRecords || store.bytes > maxBytes) {
      if (store.first === undefined) return
      release(store.first, record)
    }
  }

  wiring.whenIdle(name, releaseDue)
  return {
    process(record) {
      const key = record.keyBytes()
      if (key === null) return dropped(name, 'null-key')
      const place = { key: Buffer.from(key), window: record.window }
      const known = store.get(place)
      store.put({
        ...place,
        time: known?.time ?? (from === 'WindowEnd' ? endOf(record) : record.timestamp),
        value: record.value,
        priorValue: known === undefined ? record.oldValue : known.priorValue,
        context: keptContext(record),
      })
      releaseDue(record)
    },
  }
}

const endOf = ({ window, timestamp }: FlowRecord): number => window?.end ?? timestamp
