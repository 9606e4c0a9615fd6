import { globalTable } from '../../../runtime/dsl/global-table.ts'
import { table } from '../../../runtime/dsl/table.ts'
import type { Json } from '../case.ts'
import { mapper, predicate } from '../functions.ts'
import { call, type Calls, seen } from './call.ts'

export const tableCalls: Calls = {
  table: call('table', ({ name }) => table<Json>(name)),
  globalTable: call('globalTable', ({ name }) => globalTable<Json>(name)),
  'stream.toTable': call('toTable', ({ name, from }, built) => built.stream(from).toTable(name)),
  'table.toStream': call('toStream', ({ from }, built) => built.table(from).toStream()),
  'table.filter': call('filter', ({ name, from, where }, built) => {
    const holds = predicate(where)
    return built.table(from).filter(name, (row) => holds(seen(row)))
  }),
  'table.filterNot': call('filterNot', ({ name, from, where }, built) => {
    const holds = predicate(where)
    return built.table(from).filterNot(name, (row) => holds(seen(row)))
  }),
  'table.mapValues': call('mapValues', ({ name, from, value }, built) => {
    const valueOf = mapper(value)
    return built.table(from).mapValues(name, (row) => valueOf(seen(row)))
  }),
}
