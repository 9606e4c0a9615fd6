import type { AggregateField } from '../topology/nodes.ts'
import type { Code, CodeWriter } from './code.ts'
import type { ExpressionCode } from './expression-code.ts'
import { type Made, madeOf } from './flow.ts'

/** Code of the numbers of a function, in the order of its columns. */
type Numbers = readonly [first: string, second?: string]

interface AggregateCode {
  /** What a value turns the numbers into. One that is not there yet is NaN. */
  readonly update: (old: Required<Numbers>, value: string) => Numbers
  /** What the numbers of two become where they are one from now on. */
  readonly merge: (earlier: Required<Numbers>, later: Required<Numbers>) => Numbers
  readonly result: (now: Required<Numbers>) => string
}

const plus = ([a]: Numbers, [b]: Numbers): Numbers => [`${a} + ${b}`]

/** The first is as good as the second, or there is no second yet. */
const isKept = (a: string, comparison: '<=' | '>=', b: string): string =>
  `${a} ${comparison} ${b} || ${b} !== ${b}`

const functions: Readonly<Record<AggregateField['function'], AggregateCode>> = {
  count: { update: ([old]) => [`${old} + 1`], merge: plus, result: ([count]) => count },
  sum: { update: ([old], value) => [`${old} + ${value}`], merge: plus, result: ([sum]) => sum },
  min: {
    update: ([old], value) => [`${old} <= ${value} ? ${old} : ${value}`],
    merge: ([a], [b]) => [`${isKept(a, '<=', b)} ? ${a} : ${b}`],
    result: ([least]) => least,
  },
  max: {
    update: ([old], value) => [`${old} >= ${value} ? ${old} : ${value}`],
    merge: ([a], [b]) => [`${isKept(a, '>=', b)} ? ${a} : ${b}`],
    result: ([most]) => most,
  },
  avg: {
    update: ([sum, count], value) => [`${sum} + ${value}`, `${count} + 1`],
    merge: ([sum, count], [otherSum, otherCount]) => [
      `${sum} + ${otherSum}`,
      `${count} + ${otherCount}`,
    ],
    result: ([sum, count]) => `${sum} / ${count}`,
  },
}

/** Code of a number by its column. */
type Cell = (column: number) => string

/** What the functions of the fields are given, each worked out once. Throws `NotFusable`. */
export const argumentsOf = (
  fields: readonly AggregateField[],
  writer: CodeWriter,
  code: ExpressionCode,
): readonly string[] =>
  fields.map(({ argument }) =>
    argument === undefined ? '' : writer.keep(code.number(argument.ast)),
  )

/** What the values turn the columns into, in their order. */
export const updatesOf = (
  fields: readonly AggregateField[],
  old: Cell,
  values: readonly string[],
): readonly string[] =>
  placed(fields).flatMap(({ code: { update }, column }, index) =>
    update([old(column), old(column + 1)], values[index] ?? '').map((text = '') => text),
  )

/** What the columns are before the first value, in their order. */
export const initialsOf = (fields: readonly AggregateField[]): readonly string[] =>
  fields.flatMap(({ initial, members }) => {
    const text = initial === null ? 'NaN' : String(initial)
    return members.length === 0 ? [text] : members.map(() => text)
  })

/** What the columns of two become where they are one. */
export const mergedOf = (
  fields: readonly AggregateField[],
  earlier: Cell,
  later: Cell,
): readonly string[] =>
  placed(fields).flatMap(({ code: { merge }, column }) =>
    merge([earlier(column), earlier(column + 1)], [later(column), later(column + 1)]).map(
      (text = '') => text,
    ),
  )

/** The object that comes out. */
export const resultsOf = (
  fields: readonly AggregateField[],
  writer: CodeWriter,
  cell: Cell,
): Made =>
  madeOf(
    placed(fields).map(({ name, code: { result }, column }): [string, Code] => {
      const text = result([cell(column), cell(column + 1)])
      return [name, { type: 'number', text: writer.keep(text) }]
    }),
  )

/** What has no finite result is in doubt: the interpreter has the words for it. */
export function finite(writer: CodeWriter, text: string): string {
  const number = writer.keep(text)
  writer.doubtIf(`!(${number} - ${number} === 0)`)
  return number
}

/** Fields with the first column of each. */
function placed(fields: readonly AggregateField[]) {
  let next = 0
  return fields.map(({ name, function: what, members }) => {
    const column = next
    next += Math.max(1, members.length)
    return { name, code: functions[what], column }
  })
}
