import { hint } from '../platform/did-you-mean.ts'
import type { Aggregator } from './aggregates/aggregate.ts'
import {
  type AggregateName,
  aggregateNames,
  called,
  formOf,
  isAggregateName,
  literalOf,
  signaturesOf,
} from './aggregates/functions.ts'
import { compileParsed, type Expr, type Expression, offsetOf, parseSource } from './compile.ts'
import type { Environment } from './environment.ts'
import { EvaluationFault, ExpressionError } from './expression-error.ts'

export interface CompiledAggregator<S> extends Aggregator<S> {
  readonly function: AggregateName
  /** What is read of each record. */
  readonly expressions: readonly Expression<S>[]
}

/** One field of an `aggregate`: a call of an aggregate function. Throws `ExpressionError`, as the functions of it do. */
export function compileAggregator<S>(
  source: string,
  environment: Environment<S>,
): CompiledAggregator<S> {
  const parsed = parseSource(source)
  const at = <A extends readonly unknown[], R>(place: Expr | undefined, work: (...args: A) => R) =>
    located(source, place === undefined ? 0 : offsetOf(parsed, place), work)

  const { name, args } = at(parsed.expr, callIn)(parsed.expr)
  const form = at(parsed.expr, formOf)(name, args.length)
  const expressions: Expression<S>[] = []
  const given = args.map((arg, i) => {
    const parameter = form.parameters[i]
    if (typeof parameter === 'object') return at(arg, literalOf)(name, parameter, constantIn(arg))
    const expression = compileParsed(source, parsed, arg, environment)
    expressions.push(expression)
    return (subject: S) => expression.evaluate(subject)
  })

  const { add, subtract, ...rest } = called(form, given)
  const place = args[0] ?? parsed.expr
  return {
    ...{ ...rest, function: name, expressions, add: at(place, add) },
    ...(subtract && { subtract: at(place, subtract) }),
  }
}

/** The same function, whose faults say where they are. */
const located =
  <A extends readonly unknown[], R>(source: string, offset: number, work: (...args: A) => R) =>
  (...args: A): R => {
    try {
      return work(...args)
    } catch (error) {
      if (!(error instanceof EvaluationFault)) throw error
      throw new ExpressionError(error.message, source, offset)
    }
  }

function callIn(expr: Expr | undefined): {
  readonly name: AggregateName
  readonly args: readonly Expr[]
} {
  const call = expr?.exprKind
  if (call?.case !== 'callExpr' || call.value.target !== undefined || isOperator(call.value)) {
    throw new EvaluationFault(
      `write one of ${aggregateNames.flatMap(signaturesOf).join(', ')}; what is computed from several goes into the map of a later step`,
    )
  }
  const { function: name, args } = call.value
  if (isAggregateName(name)) return { name, args: args }
  throw new EvaluationFault(
    `unknown aggregate "${name}"; there are ${aggregateNames.join(', ')}.${hint(name, aggregateNames)}`,
  )
}

/** The parser calls the function of `a / b` `_/_`. */
const isOperator = ({ function: name }: { readonly function: string }): boolean =>
  !/^\w+$/.test(name)

function constantIn({ exprKind }: Expr): unknown {
  if (exprKind.case !== 'constExpr') return undefined
  const { value } = exprKind.value.constantKind
  return typeof value === 'bigint' ? Number(value) : value
}
