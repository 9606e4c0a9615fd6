import fc from 'fast-check'
import { createStore } from '../../../runtime/state/create-store.ts'
import type {
  ChangelogRecord,
  RowTarget,
  StateStore,
  Stores,
} from '../../../runtime/state/store.ts'
import type { StoreDeclaration } from '../../../runtime/topology/store-spec.ts'

/** Something that a record may do to a store, whatever its layout: it says what that is for it. */
export interface Change {
  readonly key: Buffer
  readonly time: number
  /** undefined removes. */
  readonly number: number | undefined
}

export interface Family {
  readonly name: string
  readonly make: () => StateStore
  readonly change: (store: StateStore, change: Change) => void
  /** All that can be read of it. */
  readonly contents: (store: StateStore) => unknown
}

const RETENTION_MS = 50

const family = <L extends keyof Stores>(
  name: string,
  spec: Extract<StoreDeclaration, { kind: L }>,
  of: {
    readonly change: (store: Stores[L], change: Change) => void
    readonly contents: (store: Stores[L]) => unknown
  },
): Family => ({
  name,
  make: () => createStore(spec),
  change: (store, change) => of.change(store as unknown as Stores[L], change),
  contents: (store) => [store.size, of.contents(store as unknown as Stores[L])],
})

const shown = <E extends { readonly key: Buffer }>(entries: Iterable<E>, ...fields: (keyof E)[]) =>
  Array.from(entries, (entry) => [
    entry.key.toString('latin1'),
    ...fields.map((field) => entry[field]),
  ])

const keyValue: Parameters<typeof family<'key-value'>>[2] = {
  change: (store, { key, time, number }) =>
    store.put(key, number === undefined ? undefined : { n: number }, time),
  contents: (store) => shown(store.entries(), 'value', 'timestamp'),
}

const window: Parameters<typeof family<'window'>>[2] = {
  change: (store, { key, time, number }) => store.put(key, time, number, time + 1),
  contents: (store) => [
    store.latest,
    shown(store.fetchAll(-Infinity, Infinity), 'start', 'value', 'timestamp'),
  ],
}

const named = { name: 's', format: 'Json' } as const
const windows = { ...named, kind: 'window', retentionMs: RETENTION_MS } as const

/** A store of each layout. */
export const families: readonly Family[] = [
  family<'key-value'>('keys', { ...named, kind: 'key-value' }, keyValue),
  family<'key-value'>(
    'keys of bytes',
    { ...named, kind: 'key-value', encoded: true },
    {
      change: (store, { key, time, number }) =>
        store.put(key, number === undefined ? undefined : Buffer.from(`${number}`), time),
      contents: (store) => shown(store.entries(), 'value', 'timestamp'),
    },
  ),
  family<'key-value'>(
    'columns',
    { ...named, kind: 'key-value', numbers: [{ name: 'n', members: [], initial: 0 }] },
    keyValue,
  ),
  family<'window'>('windows', { ...windows, retainDuplicates: false }, window),
  family<'window'>(
    'windows in columns',
    {
      ...{ ...windows, retainDuplicates: false },
      numbers: [{ name: 'n', members: [], initial: 0 }],
    },
    {
      ...window,
      change: (store, { key, time, number }) =>
        store.put(key, time, number === undefined ? undefined : { n: number }, time + 1),
    },
  ),
  family<'window'>('duplicates', { ...windows, retainDuplicates: true }, window),
  family<'window'>(
    'what is only added',
    { ...windows, retainDuplicates: true, appended: true },
    {
      ...window,
      change(store, change) {
        if (change.number !== undefined) window.change(store, change)
      },
    },
  ),
  family<'session'>(
    'sessions',
    { ...named, kind: 'session', retentionMs: RETENTION_MS },
    {
      change: (store, { key, time, number }) =>
        store.put({ key, start: time - (time % 7), end: time }, number, time),
      contents: (store) => shown(store.fetchAll(-Infinity, Infinity), 'start', 'end', 'value'),
    },
  ),
  family<'session'>(
    'sessions in columns',
    {
      ...{ ...named, kind: 'session', retentionMs: RETENTION_MS },
      numbers: [{ name: 'n', members: [], initial: 0 }],
    },
    {
      change: (store, { key, time, number }) =>
        store.put(
          { key, start: time - (time % 7), end: time },
          number === undefined ? undefined : { n: number },
          time,
        ),
      contents: (store) => shown(store.fetchAll(-Infinity, Infinity), 'start', 'end', 'value'),
    },
  ),
  family<'versioned'>(
    'versions',
    { ...named, kind: 'versioned', historyMs: RETENTION_MS },
    {
      change: (store, { key, time, number }) => void store.put(key, number, time),
      contents: (store) => shown(store.entries(), 'value', 'timestamp'),
    },
  ),
  family<'unmatched'>(
    'unmatched records',
    { ...named, kind: 'unmatched', rightFormat: 'Bytes' },
    {
      change(store, { key, time, number }) {
        const side = time % 2 === 0 ? 'left' : 'right'
        const value = side === 'left' ? number : Buffer.from(`${number}`)
        if (number === undefined) store.remove({ key, side, time })
        else store.add({ key, side, time }, value)
      },
      contents: (store) => shown(store.entries(), 'side', 'time', 'values'),
    },
  ),
  family<'buffer'>(
    'updates that wait',
    { ...named, kind: 'buffer', countsBytes: true },
    {
      change(store, { key, time, number }) {
        const window = time % 3 === 0 ? { start: 0, end: time } : null
        const from = { topic: 't', partition: 0 }
        const context = { from, offset: time, timestamp: time, headers: [] }
        if (number === undefined) store.remove({ key, window })
        else store.put({ key, window, time, value: number, priorValue: null, context })
      },
      contents: (store) => [
        ...[store.count, store.bytes, store.first?.value],
        shown(store.upTo(Infinity), 'window', 'time', 'value', 'context'),
      ],
    },
  ),
]

/** Times go on, with some that are late. */
const change = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'longer', '').map((text) => Buffer.from(text)),
  hurry: fc.integer({ min: -40, max: 30 }),
  number: fc.option(fc.integer({ min: 0, max: 1e6 }), { nil: undefined, freq: 3 }),
})

export const record = fc.record({
  changes: fc.array(change, { maxLength: 4 }),
  fails: fc.boolean(),
  /** Whether a commit follows, and for how many blocks a snapshot then goes on. */
  commits: fc.option(fc.nat(4)),
})

/** Takes what a store writes as bytes as the records that it would be. */
export function rowsInto(records: ChangelogRecord[]): RowTarget {
  const appendAt: RowTarget['appendAt'] = (timestamp, bytes, { start, keyEnd, end }) =>
    void records.push({
      key: Buffer.from(bytes.subarray(start, keyEnd)),
      value: end < keyEnd ? null : Buffer.from(bytes.subarray(keyEnd, end)),
      timestamp,
    })
  return {
    append: (timestamp, bytes, keyEnd, end) =>
      appendAt(timestamp, bytes, { start: 0, keyEnd, end }),
    appendAt,
  }
}
