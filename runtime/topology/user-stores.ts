/**
 * Stores as a user's processor sees them. Keys and values are in the formats of the store. What is read is a copy: a change
 * counts once it is put. What is put has the time of the record in hand, and is undone if that record fails. A key that is
 * null or undefined, and a value that its format cannot hold, throw.
 */
export interface StoreEntry<V, K = string> {
  readonly key: K
  readonly value: V
  /** Event time in milliseconds: of the record that put the value. */
  readonly timestamp: number
}

/** What is gone through is in the order of the bytes of the keys. */
export interface KeyValueStore<V, K = string> {
  /** undefined if the key is absent. */
  readonly get: (key: K) => V | undefined
  /** null and undefined remove the key. */
  readonly put: (key: K, value: V | null | undefined) => void
  readonly delete: (key: K) => void
  readonly entries: () => Iterable<StoreEntry<V, K>>
  /** Keys between the two, both included. */
  readonly range: (from: K, to: K) => Iterable<StoreEntry<V, K>>
  /** Keys whose bytes begin with this text. */
  readonly prefix: (text: string) => Iterable<StoreEntry<V, K>>
}

export interface WindowEntry<V, K = string> extends StoreEntry<V, K> {
  /** Milliseconds since the epoch. */
  readonly start: number
}

/** One that is older than the retention is not there, whether it is put or asked for. Times are whole milliseconds. */
export interface WindowStore<V, K = string> {
  readonly get: (key: K, start: number) => V | undefined
  /** null and undefined remove the window. */
  readonly put: (key: K, start: number, value: V | null | undefined) => void
  readonly delete: (key: K, start: number) => void
  /** Windows of a key that start between the two, both included, in the order of their start. */
  readonly fetch: (key: K, from: number, to: number) => Iterable<WindowEntry<V, K>>
  /** Windows of all keys that start between the two, both included, in the order of start and key. */
  readonly fetchAll: (from: number, to: number) => Iterable<WindowEntry<V, K>>
}

export interface Session<K = string> {
  readonly key: K
  /** Milliseconds since the epoch. */
  readonly start: number
  /** Of the last record: a session of a single record starts and ends at its time. */
  readonly end: number
}

export type SessionEntry<V, K = string> = StoreEntry<V, K> & Session<K>

/** One that ended longer ago than the retention is not there, whether it is put or asked for. */
export interface SessionStore<V, K = string> {
  /** Sessions of a key that end at `earliestEnd` or later and start at `latestStart` or before, in the order of their end. */
  readonly find: (key: K, earliestEnd: number, latestStart: number) => Iterable<SessionEntry<V, K>>
  /** Sessions of all keys that end between the two, both included, in the order of end and key. */
  readonly fetchAll: (earliestEnd: number, latestEnd: number) => Iterable<SessionEntry<V, K>>
  /** null and undefined remove the session. */
  readonly put: (session: Session<K>, value: V | null | undefined) => void
  readonly delete: (session: Session<K>) => void
}

export interface Version<V> {
  readonly value: V
  /** Since when it holds, in milliseconds since the epoch: until the next version begins. */
  readonly from: number
}

/** A value of a key at every time of the past that is not longer ago than the history. Times are whole milliseconds. */
export interface VersionedStore<V, K = string> {
  /** What holds at `time`, or the latest; undefined if the key is gone then, or was so long ago that nobody knows. */
  readonly get: (key: K, time?: number) => Version<V> | undefined
  /** From `from` on, until a version that is there already begins; null and undefined: the key is gone. False: too long ago, nothing is changed. */
  readonly put: (key: K, from: number, value: V | null | undefined) => boolean
  readonly delete: (key: K, from: number) => boolean
  /** The latest of each key; its `timestamp` is since when it holds. */
  readonly entries: () => Iterable<StoreEntry<V, K>>
}
