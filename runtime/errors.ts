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

/** Inputs have grown, and with them topics of the job's own would have to: their keys lie by the old partitions. */
export class RepartitionRequired extends Error {
  override readonly name = 'RepartitionRequired'

  constructor(
    topics: readonly { readonly topic: string; readonly has: number; readonly needs: number }[],
  ) {
    const told = topics.map(
      ({ topic, has, needs }) =>
        `topic ${topic} has ${has} partitions, the job now needs ${needs}: its inputs were repartitioned`,
    )
    super(
      `${told.join('\n')}\nKeys and state lie by the old partitions. Give the job a new applicationId to start afresh, or restore the old partition count.`,
    )
  }
}

/** Records that the job had not read, or state that it had made of them, were removed, and `onDataLoss` is Fail. */
export class DataLoss extends Error {
  override readonly name = 'DataLoss'

  /** `then`: what Continue does. */
  constructor(why: string, then: string, options?: ErrorOptions) {
    super(
      `${why}\nThe job stops here because onDataLoss is Fail; Continue goes on ${then}.`,
      options,
    )
  }
}

/** A step keeps its state in another form than what it has kept, which cannot be read that way. */
export class StateLoss extends Error {
  override readonly name = 'StateLoss'

  constructor(store: string, changelog: string, options?: ErrorOptions) {
    super(
      `"${store}" kept its state in another form: what topic ${changelog} holds cannot be read as what it keeps now. Give the step its old form back, or another name, under which it begins empty. To have it begin empty under this name, delete that topic.`,
      options,
    )
  }
}

export interface Problem {
  /** Field path as the user wrote it, such as `steps[2].filter`. */
  readonly path: string
  /** What is wrong and what to write; expressions add line:column and a caret. */
  readonly message: string
}
