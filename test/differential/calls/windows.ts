import { untilTimeLimit, untilWindowCloses } from '../../../runtime/dsl/suppression.ts'
import { hopping, session, sliding, tumbling, type Windows } from '../../../runtime/dsl/windows.ts'
import type { Json, WindowedBy } from '../case.ts'
import { initialOf, reducer } from '../functions.ts'
import { call, type Call, type Calls } from './call.ts'

const TYPES = ['tumbling', 'hopping', 'sliding', 'session'] as const

const windowedBy = call('windowedBy', (op, built) =>
  built.grouped(op.from).windowedBy(windowsOf(op)),
)

function windowsOf({ window, emit }: WindowedBy): Windows {
  const options = {
    ...(window.grace > 0 && { grace: `${window.grace}ms` }),
    ...(emit && { emit: 'OnClose' as const }),
  }
  switch (window.type) {
    case 'tumbling':
      return tumbling(`${window.size}ms`, options)
    case 'hopping':
      return hopping(`${window.size}ms`, { every: `${window.advance}ms`, ...options })
    case 'sliding':
      return sliding(`${window.difference}ms`, options)
    case 'session':
      return session(`${window.gap}ms`, options)
  }
}

const count = call('count', ({ name, from }, built) => built.windowed(from).count(name))

const reduce = call('reduce', ({ name, from, add }, built) =>
  built.windowed(from).reduce(name, reducer(add)),
)

const aggregate = call('aggregate', ({ name, from, add, merge }, built) => {
  const next = reducer(add)
  return built.windowed(from).aggregate<Json>(name, {
    initial: () => initialOf(add),
    add: (state, { value }) => next(state, value),
    ...(merge && { merge: reducer(merge) }),
  })
})

export const windowCalls: Calls = {
  ...Object.fromEntries(
    TYPES.flatMap((type): [string, Call][] => [
      [`grouped.windowedBy.${type}`, windowedBy],
      [`grouped.windowedBy.${type}.close`, windowedBy],
    ]),
  ),
  ...Object.fromEntries(
    ['windowed', 'sessions'].flatMap((shape): [string, Call][] => [
      [`${shape}.count`, count],
      [`${shape}.reduce`, reduce],
      [`${shape}.aggregate`, aggregate],
    ]),
  ),
  'table.suppress.windowClose': call('suppress', ({ name, from }, built) =>
    built.table(from).suppress(name, untilWindowCloses()),
  ),
  'table.suppress.timeLimit': call('suppress', (op, built) => {
    if (op.until !== 'timeLimit') return undefined
    const { name, from, ms, maxRecords } = op
    return built
      .table(from)
      .suppress(name, untilTimeLimit(`${ms}ms`, { ...(maxRecords && { maxRecords }) }))
  }),
}
