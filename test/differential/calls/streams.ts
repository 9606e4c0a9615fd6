import { stream } from '../../../runtime/dsl/stream.ts'
import type { Json } from '../case.ts'
import { expander, mapper, predicate, selector } from '../functions.ts'
import { call, type Calls, seen } from './call.ts'

export const streamCalls: Calls = {
  stream: call('stream', ({ name }) => stream<Json>(name)),
  'stream.filter': call('filter', ({ name, from, where }, built) => {
    const holds = predicate(where)
    return built.stream(from).filter(name, (record) => holds(seen(record)))
  }),
  'stream.filterNot': call('filterNot', ({ name, from, where }, built) => {
    const holds = predicate(where)
    return built.stream(from).filterNot(name, (record) => holds(seen(record)))
  }),
  'stream.mapValues': call('mapValues', ({ name, from, value }, built) => {
    const valueOf = mapper(value)
    return built.stream(from).mapValues(name, (record) => valueOf(seen(record)))
  }),
  'stream.map': call('map', ({ name, from, key, value }, built) => {
    const [keyOf, valueOf] = [selector(key), mapper(value)]
    return built.stream(from).map(name, (record) => ({
      key: keyOf(seen(record)),
      value: valueOf(seen(record)),
    }))
  }),
  'stream.flatMap': call('flatMap', ({ name, from, key, expand }, built) => {
    const [keyOf, valuesOf] = [selector(key), expander(expand)]
    return built.stream(from).flatMap(name, (record) => {
      const before = seen(record)
      return valuesOf(before.value).map((value) => ({
        key: keyOf({ key: before.key, value }),
        value,
      }))
    })
  }),
  'stream.flatMapValues': call('flatMapValues', ({ name, from, expand }, built) => {
    const valuesOf = expander(expand)
    return built.stream(from).flatMapValues(name, ({ value }) => valuesOf(value))
  }),
  'stream.selectKey': call('selectKey', ({ name, from, key }, built) => {
    const keyOf = selector(key)
    return built.stream(from).selectKey(name, (record) => keyOf(seen(record)))
  }),
  'stream.merge': call('merge', ({ name, from, other }, built) =>
    built.stream(from).merge(name, built.stream(other)),
  ),
  'stream.split': (op, built) => {
    if (op.op !== 'split') return
    let split = built.stream(op.from).split(op.name)
    for (const { name, where } of op.branches) {
      const holds = predicate(where)
      split = split.branch(name, (record) => holds(seen(record))) as typeof split
    }
    const { otherwise } = op
    const branches = otherwise === undefined ? split.dropOthers() : split.otherwise(otherwise)
    for (const [branch, result] of Object.entries(branches))
      built.set(`${op.name}.${branch}`, result)
  },
  'stream.repartition': call('repartition', ({ name, from }, built) =>
    built.stream(from).repartition(name),
  ),
  'stream.to': (op, built) => {
    if (op.op !== 'to') return
    const windowedKey = built.isWindowed(op.from)
    built.outputs.push(built.stream(op.from).to(op.topic, { windowedKey }))
  },
}
