import type { WindowStore } from '../state/store.ts'
import type { WindowAggregateNode } from '../topology/window-nodes.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'
import { WindowClose } from './window-close.ts'
import { windowUpdates } from './window-updates.ts'

/** Like Kafka Streams, leaves out a record without key alone: a null value is one to be counted. */
export function windowAggregateProcessor(
  node: WindowAggregateNode,
  store: WindowStore,
  wiring: Wiring,
): Processor {
  const { name, sizeMs, advanceMs } = node
  const windowAt = (start: number) => ({ start, end: start + sizeMs })
  const close = new WindowClose(node, wiring, (after, upTo) =>
    [...store.fetchAll(after - sizeMs + 1, upTo - sizeMs)].map(
      ({ key, start, value, timestamp }) => ({
        ...{ key, value, timestamp },
        window: windowAt(start),
      }),
    ),
  )
  const update = windowUpdates(node, store, wiring.forward)
  return {
    process(record) {
      const key = record.keyBytes()
      if (key === null) return wiring.dropped(name, 'null-key')
      const closeTime = close.advance(record)
      for (const start of startsAround(record.timestamp, sizeMs, advanceMs)) {
        const window = windowAt(start)
        if (window.end > closeTime) update(record, { key, window, before: store.get(key, start) })
        else close.late(record, window)
      }
    },
  }
}

/** Starts of the windows that hold a time, the first first. No window starts before the epoch. */
function* startsAround(time: number, sizeMs: number, advanceMs: number): Iterable<number> {
  const earliest = Math.max(0, time - sizeMs + advanceMs)
  for (let start = earliest - (earliest % advanceMs); start <= time; start += advanceMs) yield start
}
