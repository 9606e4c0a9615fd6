/**
 * What is kept of many values, and what it tells of them. A state is plain JSON, for the changelog, and never changed in
 * place, for whoever goes back to the one before. The same values in the same order give the same state, byte for byte.
 */
export interface Aggregate<S = unknown, R = unknown> {
  readonly initial: S
  /** A few take a second value with the first. Throws `EvaluationFault` on what they cannot take. */
  add(this: void, state: S, value: unknown, other?: unknown): S
  /** Takes back what was added; missing where a state no longer tells what it would be without. */
  subtract?(this: void, state: S, value: unknown, other?: unknown): S
  /** As if all that went into `later` had been added to `earlier`. */
  merge(this: void, earlier: S, later: S): S
  result(this: void, state: S): R
}

/** An aggregate that knows what to read of each subject, such as a record. */
export interface Aggregator<T, R = unknown> {
  readonly initial: unknown
  readonly add: (state: unknown, subject: T) => unknown
  readonly subtract?: (state: unknown, subject: T) => unknown
  readonly merge: (earlier: unknown, later: unknown) => unknown
  readonly result: (state: unknown) => R
}

export type Read<T> = (subject: T) => unknown

const nothing = () => undefined

export function over<T>(
  aggregate: Aggregate,
  [value = nothing, other = nothing]: readonly Read<T>[],
): Aggregator<T> {
  const { initial, add, subtract, merge, result } = aggregate
  return {
    initial,
    add: (state, subject) => add(state, value(subject), other(subject)),
    ...(subtract && {
      subtract: (state: unknown, subject: T) => subtract(state, value(subject), other(subject)),
    }),
    // A session begins with nothing for every record that comes: to merge that must cost nothing.
    merge: (earlier, later) =>
      earlier === initial ? later : later === initial ? earlier : merge(earlier, later),
    result,
  }
}
