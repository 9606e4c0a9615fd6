import { deserializeKey, serializeKey } from '../serde/key.ts'
import type { Serde } from '../serde/serde.ts'
import type { RecordHeader, StreamRecord, Window } from '../topology/record.ts'
import type { RecordContext, RecordOrigin } from './record-origin.ts'

const UNREAD = Symbol('unread')

/**
 * A record in flight, and what user functions see of it. Key and value are decoded when first read; one that nobody changed
 * is written with the bytes it came with. What changes it makes another record.
 */
export class FlowRecord implements StreamRecord {
  readonly #origin: RecordOrigin
  readonly #index: number
  #timestamp: number | undefined
  /** Unset: not read yet, or of a key that was made since. */
  #storedKey: Buffer | null | undefined
  #key: unknown = UNREAD
  #keyChanged = false
  #value: unknown = UNREAD
  #valueChanged = false
  #oldValue: unknown
  /** Unset: the one it came with. */
  #window: Window | null | undefined
  /** Unset: those it came with. */
  #headers: readonly RecordHeader[] | undefined

  /** `index`: its place at its origin. */
  constructor(origin: RecordOrigin, index: number) {
    this.#origin = origin
    this.#index = index
  }

  withValue(value: unknown): FlowRecord {
    const record = this.#copy()
    record.#value = value
    record.#valueChanged = true
    record.#oldValue = undefined
    return record
  }

  /** A new key is of no window. */
  withKey(key: unknown): FlowRecord {
    const record = this.#copy()
    record.#storedKey = undefined
    record.#key = key
    record.#keyChanged = true
    record.#window = null
    return record
  }

  /** Another key of the same store, in the bytes that it has there. */
  withStoredKey(bytes: Buffer): FlowRecord {
    const record = this.#copy()
    record.#storedKey = bytes
    record.#key = UNREAD
    record.#keyChanged = false
    return record
  }

  withTimestamp(timestamp: number): FlowRecord {
    const record = this.#copy()
    record.#timestamp = timestamp
    return record
  }

  withHeaders(headers: readonly RecordHeader[]): FlowRecord {
    const record = this.#copy()
    record.#headers = headers
    return record
  }

  /** The key's value for a window: what Kafka Streams calls a windowed key. null: it is of none. */
  withWindow(window: Window | null): FlowRecord {
    const record = this.#copy()
    record.#window = window
    return record
  }

  /** What an update of a table turned into what: undefined and null are no value. */
  withChange(value: unknown, oldValue: unknown): FlowRecord {
    const record = this.withValue(value ?? null)
    record.#oldValue = oldValue ?? null
    return record
  }

  /** As `withChange`, where the value is the new one already. */
  withOldValue(oldValue: unknown): FlowRecord {
    const record = this.#copy()
    record.#oldValue = oldValue ?? null
    return record
  }

  get topic(): string {
    return this.#origin.from.topic
  }

  get partition(): number {
    return this.#origin.from.partition
  }

  get offset(): number {
    return this.#origin.offsetAt(this.#index)
  }

  get timestamp(): number {
    return this.#timestamp ?? this.#origin.timestampAt(this.#index)
  }

  get key(): unknown {
    if (this.#key === UNREAD) this.#key = deserializeKey(this.#keyAsItIs(), this.#origin.keySerde)
    return this.#key
  }

  get value(): unknown {
    if (this.#value === UNREAD) {
      const bytes = this.originalValue()
      this.#value = bytes === null ? null : this.#origin.serde.deserialize(bytes)
    }
    return this.#value
  }

  /** Of an update of a table: what the key had before; null if nothing. */
  get oldValue(): unknown {
    return this.#oldValue ?? null
  }

  get window(): Window | null {
    if (this.#window === undefined) this.#window = this.#origin.windowAt(this.#index)
    return this.#window
  }

  get headers(): readonly RecordHeader[] {
    return this.#headers ?? this.originalHeaders()
  }

  /** Where it came from, for a record that is to outlive its batch. */
  get context(): RecordContext {
    const { offset, timestamp, headers } = this
    return { from: this.#origin.from, offset, timestamp, headers }
  }

  /** How the keys of its stores are read. */
  get keySerde(): Serde {
    return this.#origin.keySerde
  }

  /** The bytes as they came, whatever happened to the key since. */
  originalKey(): Buffer | null {
    return this.#origin.wholeKeyAt(this.#index)
  }

  originalValue(): Buffer | null {
    return this.#origin.valueAt(this.#index)
  }

  originalHeaders(): readonly RecordHeader[] {
    return this.#origin.headersAt(this.#index)
  }

  /** Bytes of the key in the format of where it goes; unset, as they came, or as text if the key was changed. */
  keyBytes(serde?: Serde): Buffer | null {
    const passes = serde === undefined || serde === this.#origin.keySerde
    if (!this.#keyChanged && passes) return this.#keyAsItIs()
    return serializeKey(this.key, serde)
  }

  /** Bytes of the value in the format of where it goes. Unchanged bytes of the same format pass through. */
  valueBytes(serde: Serde): Buffer | null {
    if (!this.#valueChanged && serde === this.#origin.serde) return this.originalValue()
    const { value } = this
    return value === null || value === undefined ? null : serde.serialize(value)
  }

  #keyAsItIs(): Buffer | null {
    if (this.#storedKey === undefined) this.#storedKey = this.#origin.keyAt(this.#index)
    return this.#storedKey
  }

  #copy(): FlowRecord {
    const record = new FlowRecord(this.#origin, this.#index)
    record.#timestamp = this.#timestamp
    record.#storedKey = this.#storedKey
    record.#key = this.#key
    record.#keyChanged = this.#keyChanged
    record.#value = this.#value
    record.#valueChanged = this.#valueChanged
    record.#oldValue = this.#oldValue
    record.#window = this.#window
    record.#headers = this.#headers
    return record
  }
}
