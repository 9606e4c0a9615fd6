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

/** Where a record came from: its place in a fetched batch. */
export interface RecordOrigin {
  readonly from: TopicPartition
  readonly batch: RecordBatch
  readonly columns: RecordColumns
  readonly index: number
  readonly serde: Serde
  readonly keySerde: Serde
}

const UNREAD = Symbol('unread')

/**
 * A record in flight. Key and value are decoded when first read; one that nobody changed is written with the bytes it
 * came with.
 */
export class FlowRecord implements StreamRecord {
  readonly origin: RecordOrigin
  #key: unknown
  #value: unknown
  readonly #keyChanged: boolean
  readonly #valueChanged: boolean

  private constructor(
    origin: RecordOrigin,
    key: { readonly value: unknown; readonly changed: boolean },
    value: { readonly value: unknown; readonly changed: boolean },
  ) {
    this.origin = origin
    this.#key = key.value
    this.#keyChanged = key.changed
    this.#value = value.value
    this.#valueChanged = value.changed
  }

  static of(origin: RecordOrigin): FlowRecord {
    const unread = { value: UNREAD, changed: false }
    return new FlowRecord(origin, unread, unread)
  }

  withValue(value: unknown): FlowRecord {
    const key = { value: this.#key, changed: this.#keyChanged }
    return new FlowRecord(this.origin, key, { value, changed: true })
  }

  withKey(key: unknown): FlowRecord {
    const value = { value: this.#value, changed: this.#valueChanged }
    return new FlowRecord(this.origin, { value: key, changed: true }, value)
  }

  get topic(): string {
    return this.origin.from.topic
  }

  get partition(): number {
    return this.origin.from.partition
  }

  get offset(): number {
    const { batch, columns, index } = this.origin
    return batch.baseOffset + (columns.offsetDelta[index] ?? 0)
  }

  get timestamp(): number {
    const { batch, columns, index } = this.origin
    return batch.timestamp(columns, index)
  }

  get key(): unknown {
    if (this.#key === UNREAD) this.#key = deserializeKey(this.originalKey(), this.origin.keySerde)
    return this.#key
  }

  get value(): unknown {
    if (this.#value === UNREAD) {
      const bytes = this.originalValue()
      this.#value = bytes === null ? null : this.origin.serde.deserialize(bytes)
    }
    return this.#value
  }

  get headers(): readonly RecordHeader[] {
    return headersAt(this.origin.columns, this.origin.index).map(([key, value]) => ({ key, value }))
  }

  /** The bytes as they came, whatever happened to the key since. */
  originalKey(): Buffer | null {
    return keyAt(this.origin.columns, this.origin.index)
  }

  originalValue(): Buffer | null {
    return valueAt(this.origin.columns, this.origin.index)
  }

  /** Bytes of the key in the format of where it goes; unset, as they came, or as text if the key was changed. */
  keyBytes(serde?: Serde): Buffer | null {
    const passes = serde === undefined || serde === this.origin.keySerde
    if (!this.#keyChanged && passes) return this.originalKey()
    return serializeKey(this.key, serde)
  }

  /** Bytes of the value in the format of where it goes. Unchanged bytes of the same format pass through. */
  valueBytes(serde: Serde): Buffer | null {
    if (!this.#valueChanged && serde === this.origin.serde) return this.originalValue()
    const { value } = this
    return value === null || value === undefined ? null : serde.serialize(value)
  }
}
