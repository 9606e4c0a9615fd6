import { serdes } from '../serde/serde.ts'
import type {
  KeyValueStore,
  SessionStore,
  Stored,
  Stores,
  VersionedStore,
  WindowStore,
} from '../state/store.ts'
import type { StoreSettings, UserLayout } from '../topology/process-node.ts'
import type * as user from '../topology/user-stores.ts'
import type { Turn } from './turn.ts'

/** A store of a processor: as the job declares it, and as the task has it. */
interface OpenStore<S = unknown> {
  readonly name: string
  readonly settings: StoreSettings
  readonly store: S
  readonly turn: Turn
}

/** The store of a processor as its user sees it: keys and values for bytes, and changed only where it is its turn. */
export const userStore = (open: OpenStore): unknown =>
  views[open.settings.kind](open.store as never, new StoreFormats(open))

type Key = unknown
type Value = unknown

const views: {
  readonly [L in UserLayout]: (store: Stores[L], formats: StoreFormats) => unknown
} = {
  'key-value': (store, formats): user.KeyValueStore<Value, Key> => ({
    get: (key) => formats.value(store.get(formats.keyBytes(key))),
    put: (key, value) =>
      store.put(formats.keyBytes(key), formats.valueBytes(value), formats.timeOf('put')),
    delete: (key) => store.put(formats.keyBytes(key), undefined, formats.timeOf('delete')),
    entries: () => formats.entries(store.entries()),
    range: (from, to) =>
      formats.entries(between(store, formats.keyBytes(from), formats.keyBytes(to))),
    prefix: (text) => formats.entries(store.withPrefix(Buffer.from(text))),
  }),

  window: (store, formats): user.WindowStore<Value, Key> => ({
    get: (key, start) => formats.value(store.get(formats.keyBytes(key), start)),
    put: (key, start, value) => putWindow(store, formats, { key, start, value }),
    delete: (key, start) => putWindow(store, formats, { key, start, value: undefined }),
    fetch: (key, from, to) => formats.entries(store.fetch(formats.keyBytes(key), from, to)),
    fetchAll: (from, to) => formats.entries(store.fetchAll(from, to)),
  }),

  session: (store, formats): user.SessionStore<Value, Key> => ({
    find: (key, earliestEnd, latestStart) =>
      formats.entries(store.find(formats.keyBytes(key), earliestEnd, latestStart)),
    fetchAll: (earliestEnd, latestEnd) => formats.entries(store.fetchAll(earliestEnd, latestEnd)),
    put: (session, value) => putSession(store, formats, session, value),
    delete: (session) => putSession(store, formats, session, undefined),
  }),

  versioned: (store, formats): user.VersionedStore<Value, Key> => ({
    get: (key, time) => formats.version(versionAt(store, formats.keyBytes(key), time)),
    put: (key, from, value) => putVersion(store, formats, { key, start: from, value }),
    delete: (key, from) => putVersion(store, formats, { key, start: from, value: undefined }),
    entries: () => formats.entries(store.entries()),
  }),
}

const between = (store: KeyValueStore, from: Buffer, to: Buffer) =>
  [...store.entries()].filter(({ key }) => key.compare(from) >= 0 && key.compare(to) <= 0)

const versionAt = (store: VersionedStore, key: Buffer, time: number | undefined) =>
  time === undefined ? store.get(key) : store.getAsOf(key, time)

interface Begun {
  readonly key: Key
  /** Of the window, or of the version. */
  readonly start: number
  readonly value: Value
}

function putVersion(
  store: VersionedStore,
  formats: StoreFormats,
  { key, start, value }: Begun,
): boolean {
  formats.timeOf('put')
  return store.put(formats.keyBytes(key), formats.valueBytes(value), formats.whole('from', start))
}

const putWindow = (store: WindowStore, formats: StoreFormats, { key, start, value }: Begun): void =>
  store.put(
    formats.keyBytes(key),
    formats.whole('start', start),
    formats.valueBytes(value),
    formats.timeOf('put'),
  )

function putSession(
  store: SessionStore,
  formats: StoreFormats,
  { key, start, end }: user.Session<Key>,
  value: Value,
): void {
  const session = {
    key: formats.keyBytes(key),
    start: formats.whole('start', start),
    end: formats.whole('end', end),
  }
  store.put(session, formats.valueBytes(value), formats.timeOf('put'))
}

/** Keys and values of one store, to bytes and back. */
class StoreFormats {
  readonly #open: OpenStore

  constructor(open: OpenStore) {
    this.#open = open
  }

  keyBytes(key: Key): Buffer {
    if (key !== null && key !== undefined)
      return serdes[this.#open.settings.keyFormat].serialize(key)
    throw new TypeError(`store "${this.#open.name}": a key is not ${String(key)}`)
  }

  /** undefined for what removes the key. Bytes of the user's are copied: the store has its own. */
  valueBytes(value: Value): Buffer | undefined {
    if (value === null || value === undefined) return undefined
    const own = value instanceof Uint8Array ? Buffer.from(value) : value
    return serdes[this.#open.settings.format].serialize(own)
  }

  value(stored: Stored | undefined): Value {
    if (stored?.value === undefined) return undefined
    return serdes[this.#open.settings.format].deserialize(stored.value as Buffer)
  }

  version(stored: Stored | undefined): user.Version<Value> | undefined {
    const value = this.value(stored)
    if (stored === undefined || value === undefined) return undefined
    return { value, from: stored.timestamp }
  }

  /** The time at which something is put. Throws outside of a turn. */
  timeOf(call: string): number {
    return this.#open.turn.recordFor(`${call} on the store "${this.#open.name}"`).timestamp
  }

  whole(name: string, ms: number): number {
    if (Number.isSafeInteger(ms) && ms >= 0) return ms
    const { name: store } = this.#open
    throw new TypeError(`store "${store}": ${name} is a whole number of milliseconds, not ${ms}`)
  }

  /** Those that are there when it is their turn: what is gone through may be changed meanwhile. */
  *entries<
    E extends Stored & { readonly key: Buffer; readonly start?: number; readonly end?: number },
  >(found: Iterable<E>): Iterable<user.SessionEntry<Value, Key>> {
    const { keyFormat } = this.#open.settings
    for (const entry of found) {
      const { key, timestamp, start, end } = entry
      const value = this.value(entry)
      if (value === undefined) continue
      const place = start === undefined ? {} : end === undefined ? { start } : { start, end }
      const shown = { key: serdes[keyFormat].deserialize(key), value, timestamp, ...place }
      yield shown as user.SessionEntry<Value, Key>
    }
  }
}
