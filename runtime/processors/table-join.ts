import type { UnmatchedStore } from '../state/store.ts'
import type { TableJoinNode } from '../topology/join-nodes.ts'
import type { FlowRecord } from './flow-record.ts'
import type { Processor } from './processor.ts'
import type { Wiring } from './processor-of.ts'
import { recordOf, type Waiting, waitingOf } from './waiting-record.ts'

type Meet = (record: FlowRecord, key: Buffer | null) => void

/**
 * Lets each record meet what the table has for its key: as of now, or as of the time of the record if the table keeps its
 * history. An update of the table makes nothing by itself.
 */
export function tableJoinProcessor(
  { name, type, joiner, graceMs, reads: [table] }: TableJoinNode,
  { forward, dropped, view, store }: Pick<Wiring, 'forward' | 'dropped' | 'view' | 'store'>,
): Processor {
  const rows = view(table)
  const meet: Meet = (record, key) => {
    const row = key === null ? undefined : rows.get(key, record, record.timestamp)
    const met = row?.value ?? null
    if (met === null && type === 'Inner') return
    forward(record.withValue(joiner(record.value, met, record.key)))
  }
  const take = graceMs === undefined ? meet : waiting(store('unmatched', name), graceMs, meet)
  return {
    process(record) {
      const key = record.keyBytes()
      if ((record.value ?? null) === null) return dropped(name, 'null-value')
      if (key === null && type === 'Inner') return dropped(name, 'null-key')
      take(record, key)
    },
  }
}

/** Lets records wait for their grace in the order of their time; one that is later than it waits no more. */
const waiting =
  (store: UnmatchedStore, graceMs: number, meet: Meet): Meet =>
  (record, key) => {
    if (key === null) return meet(record, key)
    const { timestamp } = record
    const { times } = store
    times.streamTime = Math.max(times.streamTime, timestamp)
    const due = times.streamTime - graceMs
    if (timestamp < due) return meet(record, key)
    store.add({ key, side: 'left', time: timestamp }, waitingOf(record))
    for (const { values, ...place } of store.entries(due)) {
      for (const value of values) meet(recordOf(value as Waiting, place, record), place.key)
      store.remove(place)
    }
  }
