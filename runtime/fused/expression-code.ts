import type { Expr } from '../expr/compile.ts'
import { type Code, type CodeWriter, type Constant, NotFusable } from './code.ts'
import { equality, isNumber, text } from './comparison-code.ts'
import { kind } from './kernel.ts'

/** What the names in an expression stand for, at the place where it is evaluated. */
export interface Scope {
  /** `value.a.b`. Throws `NotFusable`. */
  field(path: readonly string[]): Code
  /** `has(value.a.b)`, as a bool. */
  hasField(path: readonly string[]): Code
  key(): Code
  /** A number in code. */
  timestamp(): string
}

type CallExpr = Extract<Expr['exprKind'], { case: 'callExpr' }>['value']

/**
 * Writes the code of an expression and returns its value. What the code cannot settle for a record, such as a missing field
 * or a division by zero, it leaves to the interpreter. Throws `NotFusable` for what it cannot do for any record.
 */
export class ExpressionCode {
  readonly #writer: CodeWriter
  readonly #scope: Scope

  constructor(writer: CodeWriter, scope: Scope) {
    this.#writer = writer
    this.#scope = scope
  }

  value(expr: Expr): Code {
    const { exprKind: node } = expr
    if (node.case === 'constExpr') return { type: 'constant', value: constantOf(node.value) }
    if (node.case === 'identExpr') return this.#variable(node.value.name)
    if (node.case === 'callExpr') return this.#call(expr, node.value)
    if (node.case !== 'selectExpr') throw new NotFusable()
    const path = pathOf(expr)
    return node.value.testOnly ? this.#scope.hasField(path) : this.#scope.field(path)
  }

  /** A bool in code; a slot that holds something else is in doubt. */
  bool(expr: Expr): string {
    const code = this.value(expr)
    if (code.type === 'bool') return code.text
    if (code.type === 'constant' && typeof code.value === 'boolean') return String(code.value)
    if (code.type !== 'slot') throw new NotFusable()
    const is = this.#writer.kind(code.slot)
    this.#writer.doubtIf(`${is} !== ${kind.true} && ${is} !== ${kind.false}`)
    return `${is} === ${kind.true}`
  }

  number(expr: Expr): string {
    const code = this.value(expr)
    if (code.type === 'number') return code.text
    if (code.type === 'constant' && typeof code.value === 'number') return literal(code.value)
    if (code.type !== 'slot') throw new NotFusable()
    this.#writer.doubtIf(`!(${isNumber(this.#writer.kind(code.slot))})`)
    return this.#writer.number(code.slot)
  }

  #variable(name: string): Code {
    if (name === 'key') return this.#scope.key()
    if (name === 'timestamp') return { type: 'number', text: this.#scope.timestamp() }
    const read = Object.hasOwn(numericVariables, name) ? numericVariables[name] : undefined
    if (read === undefined) throw new NotFusable()
    return { type: 'number', text: read }
  }

  #call(expr: Expr, { function: name, target, args }: CallExpr): Code {
    const operands = target === undefined ? args : [target, ...args]
    const [first, second, third] = operands as (Expr | undefined)[]
    if (first === undefined || operands.length > 3) throw new NotFusable()
    if (name === '_[_]') return this.#scope.field(pathOf(expr))
    if (third !== undefined) return this.#choice(name, first, second, third)
    const unary = Object.hasOwn(unaries, name) ? unaries[name] : undefined
    if (second === undefined) {
      if (name === '!_') return { type: 'bool', text: `!(${this.bool(first)})` }
      if (unary === undefined) throw new NotFusable()
      return { type: 'number', text: unary(this.#writer.keep(this.number(first))) }
    }
    return this.#binary(name, first, second)
  }

  #binary(name: string, left: Expr, right: Expr): Code {
    if (name === '_&&_' || name === '_||_') return this.#shortCircuit(name === '_&&_', left, right)
    if (name === '_==_' || name === '_!=_') return this.#equal(name === '_!=_', left, right)
    if (name === '@in') return this.#in(left, right)
    const comparison = Object.hasOwn(comparisons, name) ? comparisons[name] : undefined
    if (comparison !== undefined) {
      const a = this.number(left)
      return { type: 'bool', text: `${a} ${comparison} ${this.number(right)}` }
    }
    const textual = Object.hasOwn(textFunctions, name) ? textFunctions[name] : undefined
    if (textual !== undefined) return this.#textFunction(textual, left, right)
    return this.#arithmetic(name, left, right)
  }

  /** What has no finite result is in doubt: the interpreter has the words for it. */
  #arithmetic(name: string, left: Expr, right: Expr): Code {
    const operator = Object.hasOwn(arithmetic, name) ? arithmetic[name] : undefined
    if (operator === undefined) throw new NotFusable()
    const a = this.#writer.keep(this.number(left))
    const b = this.#writer.keep(this.number(right))
    const result = this.#writer.keep(`${a} ${operator} ${b}`)
    this.#writer.doubtIf(`!(${result} - ${result} === 0)`)
    return { type: 'number', text: result }
  }

  #shortCircuit(isAnd: boolean, left: Expr, right: Expr): Code {
    const result = this.#writer.keep(this.bool(left), 'let')
    this.#writer.block(`if (${isAnd ? '' : '!'}${result})`, () => {
      const other = this.bool(right)
      this.#writer.line(`${result} = ${other}`)
    })
    return { type: 'bool', text: result }
  }

  #choice(name: string, condition: Expr, then?: Expr, otherwise?: Expr): Code {
    if (name !== '_?_:_' || then === undefined || otherwise === undefined) throw new NotFusable()
    const test = this.bool(condition)
    const result = this.#writer.keep('0', 'let')
    this.#writer.block(`if (${test})`, () => {
      this.#writer.line(`${result} = ${this.number(then)}`)
    })
    this.#writer.block('else', () => {
      this.#writer.line(`${result} = ${this.number(otherwise)}`)
    })
    return { type: 'number', text: result }
  }

  #equal(isNegated: boolean, left: Expr, right: Expr): Code {
    const same = equality(this.#writer, this.value(left), this.value(right))
    return { type: 'bool', text: isNegated ? `!(${same})` : same }
  }

  #in(item: Expr, list: Expr): Code {
    if (list.exprKind.case !== 'listExpr') throw new NotFusable()
    const code = this.value(item)
    // An empty list compares with nothing, but a missing field is a fault all the same.
    if (code.type === 'slot') {
      this.#writer.doubtIf(`${this.#writer.kind(code.slot)} === ${kind.absent}`)
    }
    const tests = list.exprKind.value.elements.map((element) =>
      equality(this.#writer, code, this.value(element)),
    )
    return { type: 'bool', text: tests.length === 0 ? 'false' : `(${tests.join(' || ')})` }
  }

  #textFunction(name: string, left: Expr, right: Expr): Code {
    const subject = this.value(left)
    const argument = this.value(right)
    if (subject.type !== 'slot' || argument.type !== 'constant') throw new NotFusable()
    if (typeof argument.value !== 'string') throw new NotFusable()
    this.#writer.doubtIf(`${this.#writer.kind(subject.slot)} !== ${kind.string}`)
    return {
      type: 'bool',
      text: `${name}(${text(this.#writer, subject.slot)}, ${this.#writer.text(argument.value)})`,
    }
  }
}

const numericVariables: Readonly<Record<string, string>> = {
  offset: '(baseOffset + int32[OFFSET_DELTAS + i])',
  partition: 'partition',
}

const comparisons: Readonly<Record<string, string>> = {
  '_<_': '<',
  '_<=_': '<=',
  '_>_': '>',
  '_>=_': '>=',
}

const arithmetic: Readonly<Record<string, string>> = {
  '_+_': '+',
  '_-_': '-',
  '_*_': '*',
  '_/_': '/',
  '_%_': '%',
}

const unaries: Readonly<Record<string, (operand: string) => string>> = {
  '-_': (a) => `-${a}`,
  abs: (a) => `Math.abs(${a})`,
  floor: (a) => `Math.floor(${a})`,
  ceil: (a) => `Math.ceil(${a})`,
  round: (a) => `Math.sign(${a}) * Math.round(Math.abs(${a}))`,
  int: (a) => `Math.trunc(${a})`,
  double: (a) => a,
}

/** CEL's names, and the functions of `texts.ts` that do the same on bytes. */
const textFunctions: Readonly<Record<string, string>> = {
  startsWith: 'startsWith',
  endsWith: 'endsWith',
  contains: 'contains',
}

/** `value.a.b` and `value["a"].b` as `['a', 'b']`. */
function pathOf(expr: Expr): readonly string[] {
  const { exprKind: node } = expr
  if (node.case === 'identExpr' && node.value.name === 'value') return []
  if (node.case === 'selectExpr' && node.value.operand !== undefined) {
    return [...pathOf(node.value.operand), node.value.field]
  }
  if (node.case === 'callExpr') return indexPath(node.value)
  throw new NotFusable()
}

function indexPath({ function: name, args: [container, at] }: CallExpr): readonly string[] {
  const field = at?.exprKind.case === 'constExpr' ? constantOf(at.exprKind.value) : undefined
  if (name !== '_[_]' || container === undefined || typeof field !== 'string')
    throw new NotFusable()
  return [...pathOf(container), field]
}

function constantOf({
  constantKind: { case: type, value },
}: Extract<Expr['exprKind'], { case: 'constExpr' }>['value']): Constant {
  if (type === 'nullValue') return null
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value
  throw new NotFusable()
}

const literal = (value: number): string => (value < 0 ? `(${value})` : String(value))
