/** What an expression may name. `S` is what it is evaluated on, such as a record. */
export interface Environment<S> {
  readonly variables: Readonly<Record<string, (subject: S) => unknown>>
  readonly functions?: Readonly<Record<string, EnvironmentFunction<S>>>
}

export interface EnvironmentFunction<S> {
  readonly minArgs: number
  readonly maxArgs: number
  apply(args: readonly unknown[], subject: S): unknown
}

/** State of one evaluation: the variables of the macros around, and what is left of the step budget. */
export interface Frame<S> {
  readonly subject: S
  readonly locals: unknown[]
  steps: number
}

export type Evaluate<S> = (frame: Frame<S>) => unknown
