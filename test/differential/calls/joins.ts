import type { Json } from '../case.ts'
import type { Feature } from '../features.ts'
import { joiner, selector } from '../functions.ts'
import { type Call, call, type Calls, seen } from './call.ts'
import { keptAs } from './tables.ts'

const TABLE_METHODS = { inner: 'join', left: 'leftJoin', outer: 'outerJoin' } as const
const GLOBAL_METHODS = { inner: 'joinGlobal', left: 'leftJoinGlobal' } as const
const FOREIGN_METHODS = { inner: 'joinOn', left: 'leftJoinOn' } as const

const joinStreams = call('join', ({ name, from, other, kind, ...op }, built) => {
  const [left, right, join] = [built.stream(from), built.stream(other), joiner(op.joiner)]
  const within = { before: span(op.before), after: span(op.after), grace: span(op.grace) }
  switch (kind) {
    case 'inner':
      return left.join(name, right, join, within)
    case 'left':
      return left.leftJoin<Json, Json>(name, right, join, within)
    case 'outer':
      return left.outerJoin<Json, Json>(name, right, join, within)
  }
})

const joinTable = call('joinTable', ({ name, from, other, kind, grace, ...op }, built) => {
  const [left, right, join] = [built.stream(from), built.table(other), joiner(op.joiner)]
  const options = grace === undefined ? {} : { grace: `${grace}ms` }
  return kind === 'inner'
    ? left.join(name, right, join, options)
    : left.leftJoin<Json, Json>(name, right, join, options)
})

const joinGlobal = call('joinGlobal', ({ name, from, other, kind, key, ...op }, built) => {
  const keyOf = selector(key)
  const row = built.globalTable(other)
  return built
    .stream(from)
    [GLOBAL_METHODS[kind]](name, row, (record) => keyOf(seen(record)), joiner(op.joiner))
})

const joinTables = call('joinTables', ({ from, other, kind, ...op }, built) =>
  keptAs(op, (name) =>
    built.table(from)[TABLE_METHODS[kind]](name, built.table(other), joiner(op.joiner)),
  ),
)

const joinForeign = call('joinForeign', ({ name, from, other, kind, key, ...op }, built) => {
  const keyOf = selector(key)
  return built
    .table(from)
    [FOREIGN_METHODS[kind]](
      name,
      built.table(other),
      ({ value }) => keyOf({ key: null, value }),
      joiner(op.joiner),
    )
})

export const joinCalls: Calls = {
  ...each('stream.join', ['inner', 'left', 'outer'], joinStreams),
  ...each('stream.joinTable', ['inner', 'left'], joinTable),
  ...each('stream.joinGlobal', ['inner', 'left'], joinGlobal),
  ...kept('table.joinTables', ['inner', 'left', 'outer'], joinTables),
  // Its result is always kept; a case names the store or does not.
  ...kept('table.joinForeign', ['inner', 'left'], joinForeign),
}

function each(called: Feature, variants: readonly string[], make: Call): Calls {
  return Object.fromEntries(variants.map((variant) => [`${called}.${variant}`, make]))
}

function kept(called: Feature, variants: readonly string[], make: Call): Calls {
  return each(called, [...variants, ...variants.map((variant) => `${variant}.store`)], make)
}

/** No time at all is not written. */
function span(ms: number): string | undefined {
  return ms === 0 ? undefined : `${ms}ms`
}
