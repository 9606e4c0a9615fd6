import type { RecordFormat } from '../config.ts'
import { durationMs } from '../topology/duration.ts'
import type { StoreSettings } from '../topology/process-node.ts'
import type {
  KeyValueStore,
  SessionStore,
  VersionedStore,
  WindowStore,
} from '../topology/user-stores.ts'
import { requireKnown } from './known-options.ts'

declare const STORE: unique symbol

/** A store that a processor declares; `T` is what the processor gets. */
export interface StoreOf<T> {
  readonly settings: StoreSettings
  readonly [STORE]?: T
}

export interface StoreOptions {
  /** How values are kept and written to the changelog; JSON unless given. */
  readonly format?: RecordFormat
  /** As `format`, of keys; text unless given. */
  readonly keyFormat?: RecordFormat
  /** False: nothing is written, and the store is empty again wherever its task starts, after a rebalance too. */
  readonly changelog?: boolean
}

export interface TimedStoreOptions extends StoreOptions {
  /** How long windows or sessions are kept, by event time: milliseconds, or text such as `1h`. */
  readonly retention: number | string
}

export interface WindowStoreOptions extends TimedStoreOptions {
  /** Each `put` adds a value, where it would replace the one of the same key and start. */
  readonly duplicates?: boolean
}

export interface VersionedStoreOptions extends StoreOptions {
  /** How long ago one may ask for, by event time: milliseconds, or text such as `1h`. */
  readonly history: number | string
}

/**
 * Values by key.
 *
 * @example
 * stores: { last: keyValueStore<Reading>() }
 */
export const keyValueStore = <V, K = string>(
  options: StoreOptions = {},
): StoreOf<KeyValueStore<V, K>> => {
  requireKnown('a key-value store', options, COMMON)
  return { settings: { kind: 'key-value', ...settingsOf(options) } }
}

/**
 * Values by key and start of a window.
 *
 * @example
 * stores: { perMinute: windowStore<number>({ retention: '1h' }) }
 */
export const windowStore = <V, K = string>(
  options: WindowStoreOptions,
): StoreOf<WindowStore<V, K>> => {
  requireKnown('a window store', options, [...COMMON, 'retention', 'duplicates'])
  const retentionMs = retentionOf(options)
  const retainDuplicates = options.duplicates ?? false
  return { settings: { kind: 'window', retentionMs, retainDuplicates, ...settingsOf(options) } }
}

/**
 * Values by key, start and end of a session.
 *
 * @example
 * stores: { visits: sessionStore<Visit>({ retention: '1d' }) }
 */
export const sessionStore = <V, K = string>(
  options: TimedStoreOptions,
): StoreOf<SessionStore<V, K>> => {
  requireKnown('a session store', options, [...COMMON, 'retention'])
  return {
    settings: { kind: 'session', retentionMs: retentionOf(options), ...settingsOf(options) },
  }
}

/**
 * Values by key and time, as a table with history: each holds until the next one begins.
 *
 * @example
 * stores: { prices: versionedStore<number>({ history: '1d' }) }
 */
export const versionedStore = <V, K = string>(
  options: VersionedStoreOptions,
): StoreOf<VersionedStore<V, K>> => {
  requireKnown('a versioned store', options, [...COMMON, 'history'])
  const historyMs = timeOf('history', options.history)
  return { settings: { kind: 'versioned', historyMs, ...settingsOf(options) } }
}

const COMMON = ['format', 'keyFormat', 'changelog']

const settingsOf = ({ format = 'Json', keyFormat = 'String', changelog = true }: StoreOptions) => ({
  format,
  keyFormat,
  changelog,
})

const retentionOf = ({ retention }: TimedStoreOptions): number => timeOf('retention', retention)

function timeOf(name: string, time: number | string): number {
  const ms = typeof time === 'string' ? durationMs(time) : time
  if (Number.isSafeInteger(ms) && ms > 0) return ms
  throw new Error(`a ${name} is a whole number of milliseconds from 1, not ${String(ms)}`)
}
