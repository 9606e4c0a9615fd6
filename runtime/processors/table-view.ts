import type {
  BufferStore,
  KeyValueStore,
  SessionStore,
  Stored,
  Stores,
  VersionedStore,
  WindowStore,
} from '../state/store.ts'
import type { TopologyNode } from '../topology/nodes.ts'
import type { TableTableJoinNode } from '../topology/table-nodes.ts'
import type { FlowRecord } from './flow-record.ts'

/** A table as it is now, seen from another node: what its store has, as the operators behind the store leave it. */
export interface TableView {
  /**
   * undefined when there is no row. `asked`: the record that wants to know it; of a table of windows, the row of its window.
   * `asOf`: the time of which, where the table keeps its history; else, and unset, now.
   */
  get(key: Buffer, asked: FlowRecord, asOf?: number): Stored | undefined
}

/** What the view of a table is made of. */
interface Tables {
  readonly nodes: readonly TopologyNode[]
  readonly store: <L extends keyof Stores>(layout: L, node: string) => Stores[L]
}

const makers: {
  readonly [K in TopologyNode['kind']]?: (
    node: Extract<TopologyNode, { kind: K }>,
    tables: Tables,
  ) => TableView
} = {
  'to-table': ({ name, historyMs }, { store }) =>
    historyMs === undefined ? store('key-value', name) : historyOf(store('versioned', name)),
  aggregate: ({ name, result }, { store }) => resultsOf(store('key-value', name), result),
  'table-aggregate': ({ name, result }, { store }) => resultsOf(store('key-value', name), result),
  'window-aggregate': ({ name, result }, { store }) => windowsOf(store('window', name), result),
  'sliding-aggregate': ({ name, result }, { store }) => windowsOf(store('window', name), result),
  'session-aggregate': ({ name, result }, { store }) => sessionsOf(store('session', name), result),
  suppress: ({ name, parent }, tables) =>
    letGoOf(tables.store('buffer', name), viewOf(parent, tables)),
  'table-filter': ({ parent, predicate, keeps }, tables) =>
    changed(viewOf(parent, tables), (row) => (predicate(row) === keeps ? row.value : null)),
  'table-map-values': ({ parent, mapper }, tables) => changed(viewOf(parent, tables), mapper),
  'table-table-join': (node, tables) => joined(node, tables),
  // Of a join of tables: both sides would say the same.
  merge: ({ parents: [side = ''] }, tables) => viewOf(side, tables),
}

/** The view of the table that a node makes. */
export function viewOf(name: string, tables: Tables): TableView {
  const node = tables.nodes.find((candidate) => candidate.name === name)
  const view = node === undefined ? undefined : makers[node.kind]?.(node as never, tables)
  if (view === undefined) throw new Error(`${name} is no table that could be looked into`)
  return view
}

const historyOf = (store: VersionedStore): TableView => ({
  get: (key, _, asOf) => (asOf === undefined ? store.get(key) : store.getAsOf(key, asOf)),
})

const resultsOf = (store: KeyValueStore, result: (state: unknown) => unknown): TableView => ({
  get(key) {
    const stored = store.get(key)
    return stored && present(result(stored.value), stored.timestamp)
  },
})

const windowsOf = (store: WindowStore, result: (state: unknown) => unknown): TableView => ({
  get(key, { window }) {
    const stored = window === null ? undefined : store.get(key, window.start)
    return stored && present(result(stored.value), stored.timestamp)
  },
})

/** A session bears the time of its end. */
const sessionsOf = (store: SessionStore, result: (state: unknown) => unknown): TableView => ({
  get(key, { window }) {
    if (window === null) return undefined
    const { start, end } = window
    const same = [...store.find(key, end, start)].find(
      (session) => session.start === start && session.end === end,
    )
    return same && present(result(same.value), end)
  },
})

/** Of a row whose update is held back, what it was before; nobody has kept the time of that. */
const letGoOf = (store: BufferStore, view: TableView): TableView => ({
  get(key, asked, asOf) {
    const held = store.get({ key, window: asked.window })
    return held === undefined ? view.get(key, asked, asOf) : present(held.priorValue, -1)
  },
})

const changed = (view: TableView, change: (row: FlowRecord) => unknown): TableView => ({
  get(key, asked, asOf) {
    const stored = view.get(key, asked, asOf)
    if (stored === undefined) return undefined
    const { value, timestamp } = stored
    const row = asked.withStoredKey(key).withValue(value).withTimestamp(timestamp)
    return present(change(row), timestamp)
  },
})

function joined(node: TableTableJoinNode, tables: Tables): TableView {
  const own = viewOf(node.parent, tables)
  const other = viewOf(node.reads[0], tables)
  return {
    get(key, asked) {
      const [a, b] = [own.get(key, asked), other.get(key, asked)]
      const timestamp = Math.max(a?.timestamp ?? -1, b?.timestamp ?? -1)
      return present(joinedRow(node, a?.value ?? null, b?.value ?? null), timestamp)
    },
  }
}

/** null when no row comes of the two. */
export const joinedRow = (
  { needsOwn, needsOther, joiner }: TableTableJoinNode,
  own: unknown,
  other: unknown,
): unknown => {
  const isMissing = (own === null && needsOwn) || (other === null && needsOther)
  return isMissing || (own === null && other === null) ? null : joiner(own, other)
}

const present = (value: unknown, timestamp: number): Stored | undefined =>
  value === null || value === undefined ? undefined : { value, timestamp }
