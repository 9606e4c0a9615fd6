import { isDeepStrictEqual } from 'node:util'
import type { RecordFormat } from '../config.ts'
import { type Serde, serdes } from '../serde/serde.ts'
import { parseSessionKey, parseWindowStoreKey } from '../serde/window-key.ts'
import type { StateStore, Stored, Stores } from '../state/store.ts'
import { parseSidedKey, parseUnmatchedKey } from '../state/unmatched-key.ts'
import type { StoreSpec } from '../topology/store-spec.ts'
import { decoded } from './records.ts'

/** One value of a store. */
export interface StoreEntry {
  readonly key: unknown
  readonly value: unknown
  /** Event time in milliseconds: of the record that gave the value its present form, or later. */
  readonly timestamp: number
  /** Of a window or a session, in milliseconds. */
  readonly start?: number
  /** Of a session. */
  readonly end?: number
}

type RawEntry = Stored & { readonly key: Buffer; readonly start?: number; readonly end?: number }

const entriesOf: { readonly [L in keyof Stores]: (store: Stores[L]) => Iterable<RawEntry> } = {
  'key-value': (store) => store.entries(),
  window: (store) => store.fetchAll(-Infinity, Infinity),
  session: (store) => store.fetchAll(-Infinity, Infinity),
  unmatched: unmatchedIn,
  versioned: (store) => store.entries(),
  buffer: waitingIn,
}

function* unmatchedIn(store: Stores['unmatched']): Iterable<RawEntry> {
  for (const { key, time, values } of store.entries())
    yield { key, value: values, timestamp: time, start: time }
}

function* waitingIn(store: Stores['buffer']): Iterable<RawEntry> {
  for (const { key, value, context, window } of store.upTo(Infinity))
    yield { key, value, timestamp: context.timestamp, ...window }
}

/** What a store holds at the moment, in all its tasks. */
export class StoreView {
  readonly #entries: readonly StoreEntry[]

  constructor(spec: StoreSpec, keyFormat: RecordFormat, stores: readonly StateStore[]) {
    const serde = serdes[keyFormat]
    const valueOf = (value: unknown) =>
      spec.encoded === true ? serdes[spec.format].deserialize(value as Buffer) : value
    this.#entries = stores.flatMap((store) =>
      Array.from(entriesOf[spec.kind](store as never), (entry) => ({
        ...entryOf(entry, serde),
        value: valueOf(entry.value),
      })),
    )
  }

  entries(): readonly StoreEntry[] {
    return this.#entries
  }

  /** The value of a key, in a window that starts at `start` where the store is of windows; undefined if there is none. */
  get(key: unknown, start?: number): unknown {
    const found = this.#entries.find(
      (entry) =>
        isDeepStrictEqual(entry.key, key) && (start === undefined || entry.start === start),
    )
    return found?.value
  }
}

/** Picked one by one: an entry of a store has more to it, and changes. */
const entryOf = ({ key, value, timestamp, start, end }: RawEntry, serde: Serde): StoreEntry => ({
  key: decoded(key, serde),
  value,
  timestamp,
  ...(start === undefined ? {} : { start }),
  ...(end === undefined ? {} : { end }),
})

const changelogKeys: Readonly<Record<keyof Stores, (bytes: Buffer, serde: Serde) => unknown>> = {
  'key-value': decoded,
  window(bytes, serde) {
    const { key, start } = parseWindowStoreKey(bytes)
    return { key: decoded(key, serde), start }
  },
  session(bytes, serde) {
    const { key, start, end } = parseSessionKey(bytes)
    return { key: decoded(key, serde), start, end }
  },
  unmatched(bytes, serde) {
    const { time, key } = parseUnmatchedKey(bytes)
    const { side, key: own } = parseSidedKey(key)
    return { key: decoded(own, serde), side, start: time }
  },
  versioned: decoded,
  /** With its window in it, if it has one: whether it has, its value tells. */
  buffer: (bytes) => bytes.toString('latin1'),
}

/** The key of a changelog record; with the times of its window where the store is of windows or sessions. */
export const changelogKeyOf = (
  { kind }: StoreSpec,
  bytes: Buffer | null,
  keyFormat: RecordFormat,
): unknown => (bytes === null ? null : changelogKeys[kind](bytes, serdes[keyFormat]))
