import { compileAggregator } from '../expr/aggregator.ts'
import { fieldsOf } from '../expr/aggregates/fields.ts'
import { reversibleNames } from '../expr/aggregates/functions.ts'
import { recordEnvironment } from '../expr/record-environment.ts'
import type { FieldCompiler } from './field-compiler.ts'
import type { AggregateNode } from './nodes.ts'
import type { StreamRecord } from './record.ts'

/** What a step's `aggregate` does, with records and with states of its own. */
export interface AggregateFields extends Pick<
  AggregateNode,
  'label' | 'initializer' | 'aggregator' | 'result'
> {
  /** One state for two, where windows become one: as if the records of `later` had come after those of `earlier`. */
  readonly merger: (key: unknown, earlier: unknown, later: unknown) => unknown
  /** Takes a record back; undefined if one of the fields cannot. */
  readonly subtractor?: (state: unknown, record: StreamRecord) => unknown
  /** Names of the fields that cannot. */
  readonly irreversible: readonly string[]
}

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
  const { initial, add, subtract, merge, result } = fieldsOf(fields)
  return {
    label: Object.entries(sources)
      .map(([name, source]) => `${name}: ${source}`)
      .join(', '),
    initializer: () => initial,
    aggregator: add,
    ...(subtract && { subtractor: subtract }),
    merger: (_key, earlier, later) => merge(earlier, later),
    result,
    irreversible: fields.flatMap(([name, one]) => (one.subtract === undefined ? [name] : [])),
  }
}

/** Where a table is aggregated, each update takes back what it replaces: notes the fields that cannot. */
export function requireReversible(
  { irreversible }: AggregateFields,
  compiler: FieldCompiler,
): void {
  for (const name of irreversible) {
    compiler.fail(
      `aggregate.${name}`,
      `cannot take back what an update of the table replaces; ${reversibleNames.join(', ')} can`,
    )
  }
}
