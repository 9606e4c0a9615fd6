import type { TopicPartition } from '../broker/broker.ts'
import { encodedHeaders, headersIn } from '../broker/record-headers.ts'
import { FlowRecord } from '../processors/flow-record.ts'
import type { Held } from '../processors/held-updates.ts'
import { type RecordSerdes, StoredOrigin } from '../processors/record-origin.ts'
import { serdes } from '../serde/serde.ts'
import type { ColumnStore } from '../state/column-store.ts'
import type { AggregateNode } from '../topology/nodes.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'

interface Place {
  readonly store: ColumnStore
  /** Row as stored → value as emitted. */
  readonly result: (state: unknown) => unknown
  /** Where all its records come from. */
  readonly from: TopicPartition
  readonly serdes: RecordSerdes
}

/**
 * The updates of an aggregate that a program takes records for: the rows that wait, whether the program has changed them or
 * the interpreter. Nothing behind it asks what a row was before.
 */
export class HeldRowUpdates implements Held {
  readonly #place: Place

  constructor(place: Place) {
    this.#place = place
  }

  get count(): number {
    return this.#place.store.held.count
  }

  hold(record: FlowRecord): () => void {
    const { store } = this.#place
    const key = record.keyBytes() ?? Buffer.alloc(0)
    const row = store.row(key, 0, key.length)
    store.held.hold(row, record.offset)
    const headers = record.headers.map(({ key: name, value }) => [name, value] as const)
    if (headers.length > 0) store.held.setHeaders(row, encodedHeaders(headers))
    // No record comes to the aggregate twice.
    return () => store.held.takeBack()
  }

  take(): readonly FlowRecord[] {
    const { held } = this.#place.store
    const records = Array.from(held.rows(), (row) => this.#recordOf(row))
    held.clear()
    return records
  }

  #recordOf(row: number): FlowRecord {
    const { store, result, from, serdes } = this.#place
    const key = Buffer.from(store.keyOf(row))
    const encoded = store.held.headers(row)
    const headers = encoded === undefined ? [] : headersIn(encoded)
    const context = {
      from,
      offset: store.held.offset(row),
      timestamp: store.timestamps[row] ?? 0,
      headers: headers.map(([name, value]) => ({ key: name, value })),
    }
    const value = result(store.get(key)?.value)
    return new FlowRecord(new StoredOrigin(context, key, serdes), 0).withChange(value, null)
  }
}

/** Of an aggregate in a program, which has a single source. */
export function heldRowsOf(
  { result }: AggregateNode,
  store: ColumnStore,
  of: { readonly subTopology: SubTopology; readonly partition: number },
): HeldRowUpdates {
  const [source] = of.subTopology.sources
  const { topic = '', format = 'Json', keyFormat = 'String' } = source ?? {}
  return new HeldRowUpdates({
    store,
    result,
    from: { topic, partition: of.partition },
    serdes: { serde: serdes[format], keySerde: serdes[keyFormat] },
  })
}
