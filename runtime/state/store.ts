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

export interface UnmatchedPlace {
  readonly key: Buffer
  readonly side: JoinSide
  readonly time: number
}

/** Records of a join that none of the other side has met. Several of one side may have the same key and time. */
export interface UnmatchedStore {
  /** What both sides know of time. A record that fails changes nothing in it; it is not in the changelog. */
  readonly times: JoinTimes
  add(place: UnmatchedPlace, value: unknown): void
  /** All of that place. */
  remove(place: UnmatchedPlace): void
  /** In the order of time; of one time the right side's first, then in the order of the key. As it is now. */
  entries(): Iterable<UnmatchedPlace & { readonly values: readonly unknown[] }>
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
  readonly unmatched: UnmatchedStore
}

/** What a task does with its stores, whatever their layout. */
export interface StateStore {
  readonly name: string
  /** Entries in memory. */
  readonly size: number
  /** The record is done: its changes stay. */
  accept(): void
  /** How much the record has changed so far. */
  readonly mark: number
  /** The record failed: the store is as before it, or as it was at a mark. */
  rollback(mark?: number): void
  /** Each entry that changed since the last time, once. */
  takeDirty(): Iterable<ChangelogRecord>
  /** From the changelog, in its order: not dirty. */
  restore(record: ChangelogRecord): void
}

export interface ChangelogRecord {
  readonly key: Buffer
  /** null: removed. */
  readonly value: Buffer | null
  readonly timestamp: number
}
