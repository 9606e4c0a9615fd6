import {
  headersAt,
  keyAt,
  type RecordBatch,
  type RecordColumns,
  valueAt,
} from '../broker/record-batch.ts'
import type { TopicPartition } from '../broker/broker.ts'
import { deserializeKey, serializeKey } from '../serde/key.ts'
import type { Serde } from '../serde/serde.ts'
import type { RecordHeader, StreamRecord } from '../topology/record.ts'

/** A fetched batch, and how the records in it are read. */
export interface RecordOrigin {
  readonly from: TopicPartition
  readonly batch: RecordBatch
  readonly columns: RecordColumns
  readonly serde: Serde
  readonly keySerde: Serde
}

const UNREAD = Symbol('unread')

/**
 * A record in flight, and what user functions see of it. Key and value are decoded when first read; one that nobody changed
 * is written with the bytes it came with.
 */
export class FlowRecord implements StreamRecord {
  readonly #origin: RecordOrigin
  readonly #index: number
  #key: unknown = UNREAD
  #keyChanged = false
  #value: unknown = UNREAD
  #valueChanged = false

  /** `index`: its place in the batch. */
  constructor(origin: RecordOrigin, index: number) {
    this.#origin = origin
    this.#index = index
  }

  withValue(value: unknown): FlowRecord {
    const record = new FlowRecord(this.#origin, this.#index)
    record.#key = this.#key
    record.#keyChanged = this.#keyChanged
    record.#value = value
    record.#valueChanged = true
    return record
  }

  withKey(key: unknown): FlowRecord {
    const record = new FlowRecord(this.#origin, this.#index)
    record.#key = key
    record.#keyChanged = true
    record.#value = this.#value
    record.#valueChanged = this.#valueChanged
    return record
  }

  get topic(): string {
    return this.#origin.from.topic
  }

  get partition(): number {
    return this.#origin.from.partition
  }

  get offset(): number {
    const { batch, columns } = this.#origin
    return batch.baseOffset + (columns.offsetDelta[this.#index] ?? 0)
  }

  get timestamp(): number {
    const { batch, columns } = this.#origin
    return batch.timestamp(columns, this.#index)
  }

  get key(): unknown {
    if (this.#key === UNREAD) this.#key = deserializeKey(this.originalKey(), this.#origin.keySerde)
    return this.#key
  }

  get value(): unknown {
    if (this.#value === UNREAD) {
      const bytes = this.originalValue()
      this.#value = bytes === null ? null : this.#origin.serde.deserialize(bytes)
    }
    return this.#value
  }

  get headers(): readonly RecordHeader[] {
    return headersAt(this.#origin.columns, this.#index).map(([key, value]) => ({ key, value }))
  }

  /** The bytes as they came, whatever happened to the key since. */
  originalKey(): Buffer | null {
    return keyAt(this.#origin.columns, this.#index)
  }

  originalValue(): Buffer | null {
    return valueAt(this.#origin.columns, this.#index)
  }

  /** Bytes of the key in the format of where it goes; unset, as they came, or as text if the key was changed. */
  keyBytes(serde?: Serde): Buffer | null {
    const passes = serde === undefined || serde === this.#origin.keySerde
    if (!this.#keyChanged && passes) return this.originalKey()
    return serializeKey(this.key, serde)
  }

  /** Bytes of the value in the format of where it goes. Unchanged bytes of the same format pass through. */
  valueBytes(serde: Serde): Buffer | null {
    if (!this.#valueChanged && serde === this.#origin.serde) return this.originalValue()
    const { value } = this
    return value === null || value === undefined ? null : serde.serialize(value)
  }
}
