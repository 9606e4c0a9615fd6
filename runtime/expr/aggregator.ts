import { hint } from '../platform/did-you-mean.ts'
import { compileParsed, type Expr, type Expression, parseSource } from './compile.ts'
import type { Environment } from './environment.ts'
import { ExpressionError } from './expression-error.ts'
import { typeName } from './values.ts'

/** One field of an `aggregate`: `count()`, `sum(x)`, `min(x)`, `max(x)` or `avg(x)`. */
export interface Aggregator<S> {
  /** Plain JSON, so that it can be written to a changelog. */
  readonly initial: unknown
  readonly add: (state: unknown, subject: S) => unknown
  /** One state for two. */
  readonly merge: (earlier: unknown, later: unknown) => unknown
  readonly result: (state: unknown) => unknown
}

interface Kind {
  readonly args: 0 | 1
  readonly initial: unknown
  readonly add: (state: unknown, value: number) => unknown
  readonly merge: (earlier: unknown, later: unknown) => unknown
  readonly result?: (state: unknown) => unknown
}

interface Mean {
  readonly sum: number
  readonly count: number
}

const plus = (a: unknown, b: unknown): number => (a as number) + (b as number)

/** Of two, or the one that there is. */
const either =
  (choose: (a: number, b: number) => number) =>
  (a: unknown, b: unknown): number | null => {
    if (a === null || b === null) return (a ?? b) as number | null
    return choose(a as number, b as number)
  }

const kinds: Readonly<Record<string, Kind>> = {
  count: { args: 0, initial: 0, add: (state) => (state as number) + 1, merge: plus },
  sum: { args: 1, initial: 0, add: (state, value) => (state as number) + value, merge: plus },
  min: {
    args: 1,
    initial: null,
    add: (state, value) => Math.min((state as number | null) ?? value, value),
    merge: either(Math.min),
  },
  max: {
    args: 1,
    initial: null,
    add: (state, value) => Math.max((state as number | null) ?? value, value),
    merge: either(Math.max),
  },
  avg: {
    args: 1,
    initial: { sum: 0, count: 0 } satisfies Mean,
    add: (state, value) => ({ sum: (state as Mean).sum + value, count: (state as Mean).count + 1 }),
    merge: (a, b) => ({
      sum: (a as Mean).sum + (b as Mean).sum,
      count: (a as Mean).count + (b as Mean).count,
    }),
    result: (state) => {
      const { sum, count } = state as Mean
      return count === 0 ? null : sum / count
    },
  },
}

/** Throws `ExpressionError`. */
export function compileAggregator<S>(source: string, environment: Environment<S>): Aggregator<S> {
  const parsed = parseSource(source)
  const call = parsed.expr?.exprKind
  const names = Object.keys(kinds)
  if (call?.case !== 'callExpr' || call.value.target !== undefined) {
    throw new ExpressionError(
      `write one of ${names.map((name) => `${name}(…)`).join(', ')}`,
      source,
      0,
    )
  }
  const { function: name, args } = call.value
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (kind === undefined) {
    throw new ExpressionError(
      `unknown aggregate "${name}"; there are ${names.join(', ')}.${hint(name, names)}`,
      source,
      0,
    )
  }
  if (args.length !== kind.args) {
    throw new ExpressionError(`${name} takes ${kind.args} arguments, not ${args.length}`, source, 0)
  }
  const [argument] = args as readonly Expr[]
  const value =
    argument === undefined ? undefined : compileParsed(source, parsed, argument, environment)
  return {
    initial: kind.initial,
    add: (state, subject) => kind.add(state, value === undefined ? 0 : numberFrom(value, subject)),
    merge: kind.merge,
    result: kind.result ?? ((state) => state),
  }
}

function numberFrom<S>(value: Expression<S>, subject: S): number {
  const number = value.evaluate(subject)
  if (typeof number === 'number') return number
  throw new ExpressionError(`needs a number, not ${typeName(number)}`, value.source, 0)
}
