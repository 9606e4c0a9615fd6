import type { Json } from '../case.ts'
import { initialOf, reducer, selector } from '../functions.ts'
import { call, type Calls, seen } from './call.ts'

export const aggregationCalls: Calls = {
  'stream.groupByKey': call('groupByKey', ({ name, from }, built) =>
    built.stream(from).groupByKey(name),
  ),
  'stream.groupBy': call('groupBy', ({ name, from, key }, built) => {
    const keyOf = selector(key)
    return built.stream(from).groupBy(name, (record) => keyOf(seen(record)))
  }),
  'grouped.count': call('count', ({ name, from }, built) => built.grouped(from).count(name)),
  'grouped.reduce': call('reduce', ({ name, from, add }, built) =>
    built.grouped(from).reduce(name, reducer(add)),
  ),
  'grouped.aggregate': call('aggregate', ({ name, from, add }, built) => {
    const next = reducer(add)
    return built.grouped(from).aggregate<Json>(name, {
      initial: () => initialOf(add),
      add: (state, { value }) => next(state, value),
    })
  }),
  'table.groupBy': call('groupBy', ({ name, from, key }, built) => {
    const keyOf = selector(key)
    return built.table(from).groupBy(name, (row) => keyOf(seen(row)))
  }),
  'groupedTable.count': call('count', ({ name, from }, built) =>
    built.groupedTable(from).count(name),
  ),
  'groupedTable.reduce': call('reduce', ({ name, from, add, subtract = '' }, built) =>
    built.groupedTable(from).reduce(name, reducer(add), reducer(subtract)),
  ),
  'groupedTable.aggregate': call('aggregate', ({ name, from, add, subtract = '' }, built) => {
    const [next, previous] = [reducer(add), reducer(subtract)]
    return built.groupedTable(from).aggregate<Json>(name, {
      initial: () => initialOf(add),
      add: (state, { value }) => next(state, value),
      subtract: (state, { value }) => previous(state, value),
    })
  }),
}
