import { serdes } from '../serde/serde.ts'
import type { StoreDeclaration } from '../topology/store-spec.ts'
import { MemoryBufferStore } from './memory-buffer-store.ts'
import { MemoryKeyValueStore } from './memory-key-value-store.ts'
import { MemorySessionStore } from './memory-session-store.ts'
import { MemoryWindowStore } from './memory-window-store.ts'
import type { StateStore, Stores } from './store.ts'

type Layout = keyof Stores

/** What makes the store of each layout. */
const makers: {
  readonly [L in Layout]: (spec: Extract<StoreDeclaration, { kind: L }>) => Stores[L] & StateStore
} = {
  'key-value': ({ name, format }) => new MemoryKeyValueStore(name, serdes[format]),
  window: ({ name, format, retentionMs, retainDuplicates }) =>
    new MemoryWindowStore(name, { retentionMs, retainDuplicates, serde: serdes[format] }),
  session: ({ name, format, retentionMs }) =>
    new MemorySessionStore(name, { retentionMs, serde: serdes[format] }),
  buffer: ({ name, countsBytes }) => new MemoryBufferStore(name, countsBytes),
}

export const createStore = (spec: StoreDeclaration): Stores[Layout] & StateStore =>
  makers[spec.kind](spec as never)
