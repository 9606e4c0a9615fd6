import { type Aggregator, compileAggregator } from '../expr/aggregator.ts'
import { recordEnvironment } from '../expr/record-environment.ts'
import type { FieldCompiler } from './field-compiler.ts'
import type { AggregateNode } from './nodes.ts'
import type { StreamRecord } from './record.ts'

/** What a step's `aggregate` does, with records and with states of its own. */
export interface AggregateFields extends Pick<
  AggregateNode,
  'label' | 'initializer' | 'aggregator' | 'result'
> {
  /** One state for two, where windows become one. */
  readonly merger: (key: unknown, earlier: unknown, later: unknown) => unknown
}

type FieldStates = Readonly<Record<string, unknown>>

/**
 * The fields of a step's `aggregate`. The state is an object with one entry a field, so that a changelog can be read by
 * eye.
 */
export function aggregateOf(
  sources: Readonly<Record<string, string>>,
  compiler: FieldCompiler,
): AggregateFields {
  const fields = Object.entries(sources).flatMap(([name, source]) => {
    const aggregator = compiler.attempt(`aggregate.${name}`, () =>
      compileAggregator(source, recordEnvironment),
    )
    return aggregator === undefined ? [] : [[name, aggregator] as const]
  })
  const label = Object.entries(sources)
    .map(([name, source]) => `${name}: ${source}`)
    .join(', ')
  return { label, ...stateOf(fields) }
}

const stateOf = (fields: readonly (readonly [string, Aggregator<StreamRecord>])[]) => ({
  initializer: (): FieldStates =>
    Object.fromEntries(fields.map(([name, { initial }]) => [name, initial])),
  aggregator: (state: unknown, record: StreamRecord): FieldStates =>
    Object.fromEntries(
      fields.map(([name, { add, initial }]) => [
        name,
        add((state as FieldStates)[name] ?? initial, record),
      ]),
    ),
  merger: (_key: unknown, earlier: unknown, later: unknown): FieldStates =>
    Object.fromEntries(
      fields.map(([name, { merge, initial }]) => [
        name,
        merge((earlier as FieldStates)[name] ?? initial, (later as FieldStates)[name] ?? initial),
      ]),
    ),
  result: (state: unknown) =>
    Object.fromEntries(
      fields.map(([name, { result }]) => [name, result((state as FieldStates)[name])]),
    ),
})
