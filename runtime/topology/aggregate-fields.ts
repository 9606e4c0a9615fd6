import { type CompiledAggregator, compileAggregator } from '../expr/aggregator.ts'
import { fieldsOf } from '../expr/aggregates/fields.ts'
import { reversibleNames } from '../expr/aggregates/functions.ts'
import { recordEnvironment } from '../expr/record-environment.ts'
import type { FieldCompiler } from './field-compiler.ts'
import type { AggregateField, AggregateNode } from './nodes.ts'
import type { StreamRecord } from './record.ts'

/** What a step's `aggregate` does, with records and with states of its own. */
export interface AggregateFields extends Pick<
  AggregateNode,
  'label' | 'initializer' | 'aggregator' | 'result' | 'fields'
> {
  /** One state for two, where windows become one: as if the records of `later` had come after those of `earlier`. */
  readonly merger: (earlier: unknown, later: unknown) => unknown
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
    merger: merge,
    result,
    ...numberFields(fields),
    irreversible: fields.flatMap(([name, one]) => (one.subtract === undefined ? [name] : [])),
  }
}

/** Function → the numbers in its state; none where the state is a number itself. */
const numbersIn: Readonly<Record<AggregateField['function'], readonly string[]>> = {
  count: [],
  sum: [],
  min: [],
  max: [],
  avg: ['sum', 'count'],
}

const isNumeric = (name: string): name is AggregateField['function'] =>
  Object.hasOwn(numbersIn, name)

function numberFields(
  fields: readonly (readonly [name: string, aggregator: CompiledAggregator<StreamRecord>])[],
): Pick<AggregateNode, 'fields'> {
  const numbers = fields.flatMap(([name, one]): AggregateField[] => {
    if (!isNumeric(one.function)) return []
    const [argument] = one.expressions
    const members = numbersIn[one.function]
    const initial = members.length === 0 ? (one.initial as number | null) : 0
    return [{ name, members, initial, function: one.function, ...(argument && { argument }) }]
  })
  return numbers.length === fields.length && fields.length > 0 ? { fields: numbers } : {}
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
