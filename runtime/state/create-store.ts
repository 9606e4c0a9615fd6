import { serdes } from '../serde/serde.ts'
import type { StoreDeclaration } from '../topology/store-spec.ts'
import { ColumnStore } from './column-store.ts'
import { MemoryBufferStore } from './memory-buffer-store.ts'
import { MemoryKeyValueStore } from './memory-key-value-store.ts'
import { MemorySessionStore } from './memory-session-store.ts'
import { MemoryUnmatchedStore } from './memory-unmatched-store.ts'
import { MemoryVersionedStore } from './memory-versioned-store.ts'
import { MemoryWindowStore } from './memory-window-store.ts'
import type { StateStore, Stores } from './store.ts'

type Layout = keyof Stores

/** What makes the store of each layout. */
const makers: {
  readonly [L in Layout]: (spec: Extract<StoreDeclaration, { kind: L }>) => Stores[L] & StateStore
} = {
  'key-value': ({ name, format, numbers }) =>
    numbers === undefined
      ? new MemoryKeyValueStore(name, serdes[format])
      : new ColumnStore(name, numbers),
  window: ({ name, format, retentionMs, retainDuplicates }) =>
    new MemoryWindowStore(name, { retentionMs, retainDuplicates, serde: serdes[format] }),
  session: ({ name, format, retentionMs }) =>
    new MemorySessionStore(name, { retentionMs, serde: serdes[format] }),
  versioned: ({ name, format, historyMs }) =>
    new MemoryVersionedStore(name, { historyMs, serde: serdes[format] }),
  buffer: ({ name, countsBytes }) => new MemoryBufferStore(name, countsBytes),
  unmatched: ({ name, format, rightFormat }) =>
    new MemoryUnmatchedStore(name, { left: serdes[format], right: serdes[rightFormat] }),
}

export const createStore = (spec: StoreDeclaration): Stores[Layout] & StateStore =>
  makers[spec.kind](spec as never)
