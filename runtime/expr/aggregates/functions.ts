import { EvaluationFault } from '../expression-error.ts'
import { type Aggregate, type Aggregator, over, type Read } from './aggregate.ts'
import { collect, first, last } from './arrivals.ts'
import { count, countIf } from './counts.ts'
import { distinct } from './distinct.ts'
import { max, min } from './extremes.ts'
import { quantile } from './quantile.ts'
import { avg, sum } from './sums.ts'
import { topNumbers, topValues } from './top.ts'
import { stddev, variance } from './variance.ts'

/** One way of calling an aggregate function. */
export interface Form {
  readonly parameters: readonly Parameter[]
  readonly of: (...literals: readonly number[]) => Aggregate
}

/** What is read of each record, by its name; or a number that is the same for all. */
export type Parameter = string | Literal

export interface Literal {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly isWhole: boolean
}

/** A state is copied for each record, and written for each that changed: a list in it has to end somewhere. */
const MAX_ITEMS = 1000

const n: Literal = { name: 'n', min: 1, max: MAX_ITEMS, isWhole: true }
const limit: Literal = { name: 'limit', min: 1, max: MAX_ITEMS, isWhole: true }
const q: Literal = { name: 'q', min: 0, max: 1, isWhole: false }

export const aggregateFunctions = {
  count: [{ parameters: [], of: () => count }],
  countIf: [{ parameters: ['condition'], of: () => countIf }],
  sum: [{ parameters: ['x'], of: () => sum }],
  min: [{ parameters: ['x'], of: () => min }],
  max: [{ parameters: ['x'], of: () => max }],
  avg: [{ parameters: ['x'], of: () => avg }],
  variance: [{ parameters: ['x'], of: () => variance }],
  stddev: [{ parameters: ['x'], of: () => stddev }],
  first: [{ parameters: ['x'], of: () => first }],
  last: [{ parameters: ['x'], of: () => last }],
  topN: [
    { parameters: ['x', n], of: topNumbers },
    { parameters: ['by', n, 'value'], of: topValues },
  ],
  collect: [{ parameters: ['x', limit], of: collect }],
  distinct: [{ parameters: ['x'], of: () => distinct }],
  quantile: [{ parameters: ['x', q], of: quantile }],
} satisfies Readonly<Record<string, readonly Form[]>>

export type AggregateName = keyof typeof aggregateFunctions

export const aggregateNames = Object.keys(aggregateFunctions) as readonly AggregateName[]

const formsOf = (name: AggregateName): readonly Form[] => aggregateFunctions[name]

/** Those that can take back what was added. 1 is within the range of every literal. */
export const reversibleNames = aggregateNames.filter((name) =>
  formsOf(name).every(({ of }) => of(1).subtract !== undefined),
)

export const isAggregateName = (name: string): name is AggregateName =>
  Object.hasOwn(aggregateFunctions, name)

/** How the function is called: `topN(x, n)`, `topN(by, n, value)`. */
export const signaturesOf = (name: AggregateName): readonly string[] =>
  formsOf(name).map(({ parameters }) => `${name}(${parameters.map(nameOf).join(', ')})`)

/** Throws `EvaluationFault` if no form has as many parameters. */
export function formOf(name: AggregateName, argumentCount: number): Form {
  const form = formsOf(name).find(({ parameters }) => parameters.length === argumentCount)
  if (form !== undefined) return form
  const counts = formsOf(name).map(({ parameters }) => parameters.length)
  const noun = counts.at(-1) === 1 ? 'argument' : 'arguments'
  throw new EvaluationFault(
    `${name} takes ${counts.join(' or ')} ${noun}, not ${argumentCount}: write ${signaturesOf(name).join(' or ')}`,
  )
}

/** The function as it is called: with literals where its form has some, and with what to read of each subject. */
export const called = <T>(form: Form, args: readonly (Read<T> | number)[]): Aggregator<T> =>
  over(
    form.of(...args.filter((arg) => typeof arg === 'number')),
    args.filter((arg) => typeof arg === 'function'),
  )

/** The literal argument of a function. Throws `EvaluationFault` on anything but a number in its range. */
export function literalOf(
  name: AggregateName,
  { name: parameter, min, max, isWhole }: Literal,
  value: unknown,
): number {
  const fits = typeof value === 'number' && value >= min && value <= max
  if (fits && (!isWhole || Number.isInteger(value))) return value
  const what = isWhole ? 'a whole number' : 'a number'
  throw new EvaluationFault(
    `the ${parameter} of ${name} is ${what} from ${min} to ${max}, the same for all records`,
  )
}

const nameOf = (parameter: Parameter): string =>
  typeof parameter === 'string' ? parameter : parameter.name
