/**
 * One record on its way through the topology. Keys and values are decoded when first asked for; a record that passes
 * through unread keeps its bytes. User functions get this too, so it is read-only to them, and valid only during the call
 * (of an async function, until its promise settles): the runtime may use the object again for the next record. Keep what
 * was read from it, not the record.
 */
export interface StreamRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Event time in milliseconds since the epoch. */
  readonly timestamp: number
  /** Decoded by the source's key format; null for a record without key. Throws `BadRecord`. */
  readonly key: unknown
  /** Decoded by the source's format; null for a tombstone. Throws `BadRecord`. */
  readonly value: unknown
  readonly headers: readonly RecordHeader[]
  /** The window that an aggregate belongs to; null for a record that is of none. */
  readonly window: Window | null
}

/** Milliseconds since the epoch. A time window ends before `end`, a session or a sliding window with it. */
export interface Window {
  readonly start: number
  readonly end: number
}

/** What a record becomes, where both may change. */
export interface KeyValue<V = unknown> {
  readonly key: unknown
  readonly value: V
}

export interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}
