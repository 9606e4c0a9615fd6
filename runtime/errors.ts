/** One record cannot be processed: undecodable, or an expression or user function failed on it. `onError` decides its fate. */
export class BadRecord extends Error {
  override readonly name = 'BadRecord'
  /** Short CamelCase class of the fault, such as `InvalidJson` or `ExpressionError`. */
  readonly reason: string
  /** The node that failed. */
  readonly node: string

  constructor(reason: string, node: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
    this.node = node
  }
}

/** The job itself cannot run: bad expression, unknown step, missing topic. Restarting does not help. */
export class InvalidJob extends Error {
  override readonly name = 'InvalidJob'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => `${problem.path}: ${problem.message}`).join('\n'))
    this.problems = problems
  }
}

export interface Problem {
  /** Field path as the user wrote it, such as `steps[2].filter`. */
  readonly path: string
  /** What is wrong and what to write; expressions add line:column and a caret. */
  readonly message: string
}
