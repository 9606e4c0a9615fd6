import { parse } from '@bufbuild/cel'
import { hint } from '../platform/did-you-mean.ts'
import { comprehension } from './comprehension.ts'
import type { Environment, Evaluate, Frame } from './environment.ts'
import { EvaluationFault, ExpressionError } from './expression-error.ts'
import { functions } from './functions.ts'
import { field, operators } from './operators.ts'
import { hasKey, isMap, requireBool } from './values.ts'

type Parsed = ReturnType<typeof parse>
export type Expr = NonNullable<Parsed['expr']>
type Case<K extends Expr['exprKind']['case']> = Extract<Expr['exprKind'], { case: K }>['value']

/** A compiled expression: CEL's syntax on JSON values. Free of side effects; cannot reach anything but its subject. */
export interface Expression<S> {
  readonly source: string
  readonly ast: Expr
  /** Throws `ExpressionError` with the place that failed. */
  evaluate(subject: S): unknown
}

/** Limits that keep one expression from holding up a job. */
const MAX_SOURCE_LENGTH = 4096
const MAX_DEPTH = 64
const MAX_STEPS = 100_000

/** Throws `ExpressionError` on bad syntax, an unknown name, or a wrong number of arguments. */
export function compile<S>(source: string, environment: Environment<S>): Expression<S> {
  const parsed = parseSource(source)
  if (parsed.expr === undefined) throw new ExpressionError('empty expression', source, 0)
  return compileParsed(source, parsed, parsed.expr, environment)
}

/** Compiles one part of a parsed expression, such as the argument of an aggregate. */
export function compileParsed<S>(
  source: string,
  parsed: Parsed,
  part: Expr,
  environment: Environment<S>,
): Expression<S> {
  const evaluate = new Compiler(source, parsed, environment).compile(part)
  return {
    source,
    ast: part,
    evaluate: (subject) => evaluate({ subject, locals: [], steps: MAX_STEPS }),
  }
}

/** Throws `ExpressionError`. */
export function parseSource(source: string): Parsed {
  if (source.length > MAX_SOURCE_LENGTH) {
    throw new ExpressionError(`longer than ${MAX_SOURCE_LENGTH} characters`, source, 0)
  }
  try {
    return parse(source)
  } catch (error) {
    const { rawMessage, location } = error as {
      readonly rawMessage?: string
      readonly location?: { readonly start: { readonly offset: number } }
    }
    const what = rawMessage ?? (error as Error).message
    throw new ExpressionError(what, source, location?.start.offset ?? 0)
  }
}

/** Where in the source a part of it begins. */
export const offsetOf = ({ sourceInfo }: Parsed, { id }: Expr): number =>
  sourceInfo?.positions[String(id)] ?? 0

/** Turns the syntax tree into closures. Knows the variables of the macros around the place it is at. */
export class Compiler<S> {
  readonly #source: string
  readonly #parsed: Parsed
  readonly #environment: Environment<S>
  readonly #locals: string[] = []
  #depth = 0

  constructor(source: string, parsed: Parsed, environment: Environment<S>) {
    this.#source = source
    this.#parsed = parsed
    this.#environment = environment
  }

  compile(expr: Expr): Evaluate<S> {
    if (++this.#depth > MAX_DEPTH) throw this.#error(expr, `nested more than ${MAX_DEPTH} deep`)
    const evaluate = this.#located(expr, this.#compileKind(expr))
    this.#depth--
    return evaluate
  }

  /** Compiles `expr` with one more local variable, and gives its place in the frame. */
  withLocal<T>(name: string, use: (slot: number) => T): T {
    const slot = this.#locals.push(name) - 1
    const result = use(slot)
    this.#locals.pop()
    return result
  }

  #compileKind(expr: Expr): Evaluate<S> {
    const { exprKind: kind } = expr
    switch (kind.case) {
      case 'constExpr':
        return constant(kind.value, (what) => this.#error(expr, what))
      case 'identExpr':
        return this.#variable(expr, kind.value.name)
      case 'selectExpr':
        return this.#select(kind.value)
      case 'callExpr':
        return this.#call(expr, kind.value)
      case 'listExpr':
        return this.#list(kind.value)
      case 'structExpr':
        return this.#map(expr, kind.value)
      case 'comprehensionExpr':
        return comprehension(this, kind.value)
      case undefined:
        throw this.#error(expr, 'empty expression')
    }
  }

  #variable(expr: Expr, name: string): Evaluate<S> {
    const slot = this.#locals.lastIndexOf(name)
    if (slot >= 0) return (frame) => frame.locals[slot]
    const { variables } = this.#environment
    const read = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (read !== undefined) return (frame) => read(frame.subject)
    const known = [...Object.keys(variables), ...this.#locals]
    const names = Object.keys(variables).join(', ')
    throw this.#error(expr, `unknown variable "${name}"; there are ${names}.${hint(name, known)}`)
  }

  #select({ operand, field: name, testOnly }: Case<'selectExpr'>): Evaluate<S> {
    const container = this.compile(operand as Expr)
    if (!testOnly) return (frame) => field(container(frame), name)
    return (frame) => {
      const value = container(frame)
      return isMap(value) && hasKey(value, name)
    }
  }

  #call(expr: Expr, { function: name, target, args }: Case<'callExpr'>): Evaluate<S> {
    const operands = (target === undefined ? args : [target, ...args]).map((arg) =>
      this.compile(arg),
    )
    const lazy = Object.hasOwn(lazyOperators, name) ? lazyOperators[name] : undefined
    if (lazy !== undefined) return lazy(operands as readonly Evaluate<unknown>[])
    const operator = Object.hasOwn(operators, name) ? operators[name] : undefined
    if (operator !== undefined) return applyOperator(operator, operands)
    return this.#functionCall(expr, name, operands)
  }

  #functionCall(expr: Expr, name: string, operands: readonly Evaluate<S>[]): Evaluate<S> {
    const own = this.#environment.functions ?? {}
    const known = Object.hasOwn(own, name)
      ? own[name]
      : Object.hasOwn(functions, name)
        ? functions[name]
        : undefined
    if (known === undefined) {
      const names = [...Object.keys(own), ...Object.keys(functions)]
      throw this.#error(expr, `unknown function "${name}".${hint(name, names)}`)
    }
    if (operands.length < known.minArgs || operands.length > known.maxArgs) {
      const expected =
        known.minArgs === known.maxArgs
          ? `${known.minArgs}`
          : `${known.minArgs} to ${known.maxArgs}`
      throw this.#error(expr, `${name} takes ${expected} arguments, not ${operands.length}`)
    }
    return (frame) =>
      known.apply(
        operands.map((operand) => operand(frame)),
        frame.subject,
      )
  }

  #list({ elements }: Case<'listExpr'>): Evaluate<S> {
    const items = elements.map((element) => this.compile(element))
    return (frame) => items.map((item) => item(frame))
  }

  #map(expr: Expr, { entries, messageName }: Case<'structExpr'>): Evaluate<S> {
    if (messageName !== '')
      throw this.#error(expr, `there are no message types: write {"key": value}`)
    const pairs = entries.map((entry) => {
      if (entry.keyKind.case !== 'mapKey') throw this.#error(expr, 'write {"key": value}')
      return [this.compile(entry.keyKind.value), this.compile(entry.value as Expr)] as const
    })
    return (frame) => {
      const map: [string, unknown][] = pairs.map(([key, value]) => [
        mapKey(key(frame)),
        value(frame),
      ])
      return Object.fromEntries(map)
    }
  }

  /** Adds line and column to a fault raised below, once: the innermost place is the one to show. */
  #located(expr: Expr, evaluate: Evaluate<S>): Evaluate<S> {
    return (frame: Frame<S>) => {
      try {
        return evaluate(frame)
      } catch (error) {
        if (error instanceof EvaluationFault) throw this.#error(expr, error.message)
        throw error
      }
    }
  }

  #error(expr: Expr, what: string): ExpressionError {
    return new ExpressionError(what, this.#source, offsetOf(this.#parsed, expr))
  }
}

/** Integers and doubles are one number type, as in JSON. Beyond 2^53 a literal would not be what was written. */
function constant(
  { constantKind }: Case<'constExpr'>,
  error: (what: string) => Error,
): () => unknown {
  const { value } = constantKind
  if (typeof value !== 'bigint') return () => (constantKind.case === 'nullValue' ? null : value)
  const number = Number(value)
  if (Number.isSafeInteger(number)) return () => number
  throw error(`the number ${value} is beyond 2^53`)
}

function mapKey(key: unknown): string {
  if (typeof key === 'string') return key
  throw new EvaluationFault('the keys of a map are strings')
}

function applyOperator<S>(
  operator: (...operands: readonly unknown[]) => unknown,
  [first, second]: readonly Evaluate<S>[],
): Evaluate<S> {
  if (first === undefined) return () => operator()
  if (second === undefined) return (frame) => operator(first(frame))
  return (frame) => operator(first(frame), second(frame))
}

/** Operators that evaluate an operand only if needed. `&&` and `||` absorb a fault on one side, as CEL says. */
const lazyOperators: Readonly<
  Record<string, (operands: readonly Evaluate<unknown>[]) => Evaluate<unknown>>
> = {
  '_&&_': (operands) => shortCircuit(operands, false, '&&'),
  '_||_': (operands) => shortCircuit(operands, true, '||'),
  '_?_:_':
    ([condition, then, otherwise]) =>
    (frame) =>
      requireBool(condition?.(frame), '?:') ? then?.(frame) : otherwise?.(frame),
  // Inside macros: a fault in the condition goes on with the loop, and shows in the result.
  '@not_strictly_false':
    ([operand]) =>
    (frame) => {
      try {
        return operand?.(frame) !== false
      } catch {
        return true
      }
    },
}

function shortCircuit(
  [left, right]: readonly Evaluate<unknown>[],
  decisive: boolean,
  name: string,
): Evaluate<unknown> {
  return (frame) => {
    let fault: unknown
    try {
      if (requireBool(left?.(frame), name) === decisive) return decisive
    } catch (error) {
      fault = error
    }
    if (requireBool(right?.(frame), name) === decisive) return decisive
    if (fault !== undefined) throw fault as Error
    return !decisive
  }
}
