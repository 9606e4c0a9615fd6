import { type Serde, serdes } from '../serde/serde.ts'
import type { StoreDeclaration } from '../topology/store-spec.ts'
import { ColumnSessionStore } from './column-session-store.ts'
import { AppendedWindowStore } from './appended-window-store.ts'
import { ColumnStore } from './column-store.ts'
import { ColumnWindowStore } from './column-window-store.ts'
import { ByteKeyValueStore } from './byte-key-value-store.ts'
import { MemoryBufferStore } from './memory-buffer-store.ts'
import { MemorySessionStore } from './memory-session-store.ts'
import { MemoryUnmatchedStore } from './memory-unmatched-store.ts'
import { MemoryVersionedStore } from './memory-versioned-store.ts'
import { MemoryWindowStore } from './memory-window-store.ts'
import { NumberFields } from './number-fields.ts'
import type { StateMemory } from './state-memory.ts'
import type { StateStore, Stores } from './store.ts'

type Layout = keyof Stores

/** For values that are bytes already; those from the changelog are views of a fetched batch, which must not stay for them. */
const asTheyAre: Serde = {
  serialize: (value) => value as Buffer,
  deserialize: (bytes) => Buffer.from(bytes),
}

const serdeOf = ({ encoded = false, format }: StoreDeclaration): Serde =>
  encoded ? asTheyAre : serdes[format]

function windowStore(spec: Extract<StoreDeclaration, { kind: 'window' }>) {
  const { name, retentionMs, numbers, appended } = spec
  if (numbers !== undefined)
    return new ColumnWindowStore(name, retentionMs, new NumberFields(numbers))
  const options = { ...spec, serde: serdeOf(spec) }
  return appended === true
    ? new AppendedWindowStore(name, options)
    : new MemoryWindowStore(name, options)
}

/** What makes the store of each layout. */
const makers: {
  readonly [L in Layout]: (
    spec: Extract<StoreDeclaration, { kind: L }>,
    memory: StateMemory | undefined,
  ) => Stores[L] & StateStore
} = {
  'key-value': (spec, memory) =>
    spec.numbers === undefined
      ? new ByteKeyValueStore(spec.name, serdeOf(spec), memory)
      : new ColumnStore(spec.name, new NumberFields(spec.numbers)),
  window: windowStore,
  session: (spec) =>
    spec.numbers === undefined
      ? new MemorySessionStore(spec.name, { ...spec, serde: serdeOf(spec) })
      : new ColumnSessionStore(spec.name, spec.retentionMs, new NumberFields(spec.numbers)),
  versioned: (spec) => new MemoryVersionedStore(spec.name, { ...spec, serde: serdeOf(spec) }),
  buffer: ({ name, countsBytes }) => new MemoryBufferStore(name, countsBytes),
  unmatched: ({ name, format, rightFormat }) =>
    new MemoryUnmatchedStore(name, { left: serdes[format], right: serdes[rightFormat] }),
}

/** `memory`: what stores share, if that is bounded. */
export const createStore = (
  spec: StoreDeclaration,
  memory?: StateMemory,
): Stores[Layout] & StateStore => makers[spec.kind](spec as never, memory)
