/** A fault in an expression, shown with line:column and a caret under the place. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  readonly line: number
  readonly column: number

  constructor(what: string, source: string, offset: number) {
    const before = source.slice(0, offset)
    const line = before.split('\n').length
    const column = offset - (before.lastIndexOf('\n') + 1) + 1
    const text = source.split('\n')[line - 1] ?? ''
    super(`${line}:${column}: ${what}\n  ${text}\n  ${' '.repeat(column - 1)}^`)
    this.line = line
    this.column = column
  }
}

/** Thrown while evaluating; `compile` adds the place. */
export class EvaluationFault extends Error {
  override readonly name = 'EvaluationFault'
}
