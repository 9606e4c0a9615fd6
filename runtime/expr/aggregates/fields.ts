import type { Aggregator } from './aggregate.ts'

type States = Readonly<Record<string, unknown>>

/** Several aggregates as one. Its state is an object with an entry each, so that a changelog can be read by eye. */
export function fieldsOf<T>(
  fields: readonly (readonly [name: string, aggregator: Aggregator<T>])[],
): Aggregator<T, States> {
  const each = (answer: (one: Aggregator<T>, name: string) => unknown): States =>
    Object.fromEntries(fields.map(([name, one]) => [name, answer(one, name)]))
  const isReversible = fields.every(([, { subtract }]) => subtract !== undefined)
  return {
    initial: each(({ initial }) => initial),
    add: (states, subject) => each((one, name) => one.add(stateIn(states, name, one), subject)),
    ...(isReversible && {
      subtract: (states: unknown, subject: T) =>
        each((one, name) => one.subtract?.(stateIn(states, name, one), subject)),
    }),
    merge: (earlier, later) =>
      each((one, name) => one.merge(stateIn(earlier, name, one), stateIn(later, name, one))),
    result: (states) => each((one, name) => one.result(stateIn(states, name, one))),
  }
}

/** A field that the step was given later is missing in the states from before. */
const stateIn = (
  states: unknown,
  name: string,
  { initial }: { readonly initial: unknown },
): unknown => (Object.hasOwn(states as States, name) ? (states as States)[name] : initial)
