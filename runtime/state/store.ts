import type { RecordBatch } from '../broker/record-batch.ts'
import type { Span } from '../serde/window-key.ts'
import type { JoinSide } from '../topology/store-spec.ts'

/**
 * What processors see of stores. Keys are serialised key bytes; values are plain JSON and never changed in place. A stored
 * value is a view of the store: read what you need of it before you put another.
 */
export interface Stored {
  readonly value: unknown
  /** Event time in milliseconds: of the record that gave the value its present form, or later. */
  readonly timestamp: number
}

export interface KeyValueStore {
  /** undefined when the key is absent. */
  get(key: Buffer): Stored | undefined
  /** undefined removes the key. */
  put(key: Buffer, value: unknown, timestamp: number): void
  /** In the order of the key bytes. */
  entries(): Iterable<Stored & { readonly key: Buffer }>
  /** Those whose key begins so, in the order of the key bytes. */
  withPrefix(prefix: Buffer): Iterable<Stored & { readonly key: Buffer }>
}

export interface StoredWindow extends Stored {
  readonly key: Buffer
  /** Milliseconds since the epoch. */
  readonly start: number
}

/** One that is older than the retention is not there, whether it is put or asked for. */
export interface WindowStore {
  /** The latest start that was put, in this store's whole life; -1 before the first. */
  readonly latest: number
  get(key: Buffer, start: number): Stored | undefined
  /** undefined removes the window. */
  put(key: Buffer, start: number, value: unknown, timestamp: number): void
  /** Windows of a key that start between the two, both included, in the order of their start. */
  fetch(key: Buffer, from: number, to: number): Iterable<StoredWindow>
  /** Windows of all keys that start between the two, both included, in the order of start and key. */
  fetchAll(from: number, to: number): Iterable<StoredWindow>
}

export interface StoredSession extends Stored {
  readonly key: Buffer
  readonly start: number
  /** Of the last record: a session of a single record starts and ends at its time. */
  readonly end: number
}

/** One that is older than the retention is not there, whether it is put or asked for. */
export interface SessionStore {
  /** Sessions of a key that end at `earliestEnd` or later and start at `latestStart` or before, in the order of their end. */
  find(key: Buffer, earliestEnd: number, latestStart: number): Iterable<StoredSession>
  /** Sessions of all keys that end between the two, both included, in the order of end and key. */
  fetchAll(earliestEnd: number, latestEnd: number): Iterable<StoredSession>
  /** undefined removes the session. */
  put(
    session: Pick<StoredSession, 'key' | 'start' | 'end'>,
    value: unknown,
    timestamp: number,
  ): void
}

/** An update that waits, and what must be known when it goes on. Plain JSON but for its key and its headers. */
export interface Buffered {
  readonly key: Buffer
  readonly window: Span | null
  /** From when on it waits. */
  readonly time: number
  readonly value: unknown
  /** What the key had before its first update that waits here. */
  readonly priorValue: unknown
  readonly context: BufferedContext
}

/** Where an update came from, and when. */
export interface BufferedContext {
  readonly from: { readonly topic: string; readonly partition: number }
  readonly offset: number
  readonly timestamp: number
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[]
}

export type BufferedPlace = Pick<Buffered, 'key' | 'window'>

export interface BufferStore {
  /** How many wait. */
  readonly count: number
  /** What they take in the changelog, about; 0 if the store does not count. */
  readonly bytes: number
  get(place: BufferedPlace): Buffered | undefined
  /** Replaces what waits in the same place. */
  put(buffered: Buffered): void
  remove(place: BufferedPlace): void
  /** Those that wait since `time` or before, in the order of time and key; as they are now. */
  upTo(time: number): readonly Buffered[]
  /** The first of all, in the same order. */
  readonly first: Buffered | undefined
}

export interface UnmatchedPlace {
  readonly key: Buffer
  readonly side: JoinSide
  readonly time: number
}

/** A value of a key at every time of the past that is not too long ago. A version holds until the next one begins. */
export interface VersionedStore {
  /** The latest version. */
  get(key: Buffer): Stored | undefined
  /** When the latest version began, even if it is that the key is gone; -1 without any. */
  latestTime(key: Buffer): number
  /** The version that held at that time; none if that is longer ago than the history, unless it still holds. */
  getAsOf(key: Buffer, time: number): Stored | undefined
  /** The latest version of each key, in the order of the key bytes. */
  entries(): Iterable<Stored & { readonly key: Buffer }>
  /** Puts a version where its time belongs; undefined: the key is gone from then on. False: too old, nothing is changed. */
  put(key: Buffer, value: unknown, timestamp: number): boolean
}

/** Records of a join that none of the other side has met. Several of one side may have the same key and time. */
export interface UnmatchedStore {
  /** What both sides know of time. A record that fails changes nothing in it; it is not in the changelog. */
  readonly times: JoinTimes
  add(place: UnmatchedPlace, value: unknown): void
  /** All of that place. */
  remove(place: UnmatchedPlace): void
  /** In the order of time; of one time the right side's first, then in the order of the key. As they are now, up to `until`. */
  entries(until?: number): Iterable<UnmatchedPlace & { readonly values: readonly unknown[] }>
}

export interface JoinTimes {
  /** The latest event time on either side; -1 before the first. */
  streamTime: number
  /** No unmatched record is older than this, as far as is known; undefined when nothing is. */
  earliest: number | undefined
}

/** Layout → what processors see of such a store. */
export interface Stores {
  readonly 'key-value': KeyValueStore
  readonly window: WindowStore
  readonly session: SessionStore
  readonly buffer: BufferStore
  readonly unmatched: UnmatchedStore
  readonly versioned: VersionedStore
}

/** What a task does with its stores, whatever their layout. */
export interface StateStore {
  readonly name: string
  readonly size: number
  /** What it takes, where it counts. */
  readonly footprint?: StateBytes
  /** The record is done: its changes stay. */
  accept(): void
  /** How much the record has changed so far. */
  readonly mark: number
  /** The record failed: the store is as before it, or as it was at a mark. */
  rollback(mark?: number): void
  /** Each entry that changed since the last time, once. */
  takeDirty(): Iterable<ChangelogRecord>
  /** The same without an object a record, where the store has something to gain by that. */
  takeDirtyInto?(target: RowTarget): void
  /** From the changelog, in its order: not dirty. Keeps no view of it. */
  restore(record: ChangelogRecord): void
  /** The same for those records of a batch that have a key, where the store has something to gain by seeing them together. */
  restoreBatch?(batch: RecordBatch): void
  /** As it was when it was made. */
  clear(): void
  /**
   * All that it holds, in blocks for `load` of about so many bytes, each as things are when it is asked for; nothing is dirty
   * then. What changes meanwhile may be in it or not.
   */
  dump(blockBytes: number): Iterable<Buffer>
  /** Makes room for so many, before `load` brings them. */
  reserve?(entries: number): void
  /** Into a store that holds nothing but such blocks. Throws where the bytes are not those of `dump`. */
  load(block: Buffer): void
  /** Forgets what it knows beside what the changelog says: others may change that meanwhile. */
  forgetUnlogged?(): void
  /** Gives back what is not memory. Nothing is asked of it afterwards. */
  close?(): void
}

/** Gets changelog records in memory that is used again for the next. */
export interface RowTarget {
  /** The key lies before `keyEnd`, its value from there to `end`, which is before `keyEnd` where the key is removed. */
  append(timestamp: number, bytes: Buffer, keyEnd: number, end: number): void
  /** The same for one that lies further on in the bytes. */
  appendAt(timestamp: number, bytes: Buffer, place: RowPlace): void
}

export interface RowPlace {
  readonly start: number
  readonly keyEnd: number
  readonly end: number
}

export interface StateBytes {
  readonly memory: number
  readonly disk: number
}

export interface ChangelogRecord {
  readonly key: Buffer
  /** null: removed. */
  readonly value: Buffer | null
  readonly timestamp: number
}
