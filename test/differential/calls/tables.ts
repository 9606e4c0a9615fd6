import { globalTable } from '../../../runtime/dsl/global-table.ts'
import { type Table, table } from '../../../runtime/dsl/table.ts'
import type { Json } from '../case.ts'
import { mapper, predicate } from '../functions.ts'
import { call, type Calls, seen } from './call.ts'

/** The table bears the name of the operation; where the case keeps it in a store, what it is made of does not. */
export const keptAs = (
  { name, store }: { readonly name: string; readonly store?: true },
  make: (name: string) => Table<Json>,
): Table<Json> => (store === true ? make(`${name}.rows`).materialize(name) : make(name))

const filter = call('filter', ({ from, where, ...op }, built) => {
  const holds = predicate(where)
  return keptAs(op, (name) => built.table(from).filter(name, (row) => holds(seen(row))))
})

const filterNot = call('filterNot', ({ from, where, ...op }, built) => {
  const holds = predicate(where)
  return keptAs(op, (name) => built.table(from).filterNot(name, (row) => holds(seen(row))))
})

const mapValues = call('mapValues', ({ from, value, ...op }, built) => {
  const valueOf = mapper(value)
  return keptAs(op, (name) => built.table(from).mapValues(name, (row) => valueOf(seen(row))))
})

export const tableCalls: Calls = {
  table: call('table', ({ name }) => table<Json>(name)),
  'table.history': call('table', ({ name, history }) =>
    table<Json>(name, { history: `${history}ms` }),
  ),
  globalTable: call('globalTable', ({ name }) => globalTable<Json>(name)),
  'stream.toTable': call('toTable', ({ name, from }, built) => built.stream(from).toTable(name)),
  'table.toStream': call('toStream', ({ from }, built) => built.table(from).toStream()),
  'table.filter': filter,
  'table.filter.store': filter,
  'table.filterNot': filterNot,
  'table.filterNot.store': filterNot,
  'table.mapValues': mapValues,
  'table.mapValues.store': mapValues,
}
