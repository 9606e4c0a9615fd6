import { reversibleNames } from '../expr/aggregates/functions.ts'
import { type AggregateOptions, emission } from './emission.ts'
import type { Aggregation } from './grouped-stream.ts'
import type { JobNode } from './job.ts'
import { refuseAsync } from './refuse-async.ts'
import type { TypedRecord } from './stream.ts'
import { Table } from './table.ts'
import { written } from './written.ts'

/** How to keep one value a group of rows. */
export interface TableAggregation<V, S, R = S> extends Aggregation<V, S, R> {
  /**
   * Undoes what `add` did with the same row; must not change `state` itself. null: nothing is left of the group. Some of the
   * ready-made functions have none: they cannot be used here.
   */
  readonly subtract?: (state: S, row: TypedRecord<V>) => S | null
}

/** Rows of a table by a new key, waiting to be aggregated. Rows without key or value are left out. */
export class GroupedTable<V> {
  readonly #nodes: readonly JobNode[]
  readonly #tail: string

  /** Use `table.groupBy(name, selector)`. */
  constructor(nodes: readonly JobNode[], tail: string) {
    this.#nodes = nodes
    this.#tail = tail
  }

  /**
   * One value a group over the rows that it has now, in store `name`: a table. An update first takes back the old row.
   *
   * @example
   * accounts.groupBy('by-branch', ({ value }) => value.branch).aggregate('money', sum(({ value }) => value.balance))
   */
  aggregate<S, R = S>(
    name: string,
    { initial, add, subtract, result }: TableAggregation<V, S, R>,
    options: AggregateOptions = {},
  ): Table<R> {
    if (subtract === undefined) throw irreversible(name)
    refuseAsync({ kind: 'table-aggregate', name }, [initial, add, subtract, result])
    const node = written({
      kind: 'table-aggregate',
      name,
      parent: this.#tail,
      label: '',
      initializer: initial,
      aggregator: add as never,
      subtractor: subtract as never,
      result: (result ?? ((state: S) => state)) as never,
      ...emission(name, options),
    } as const)
    return new Table<R>([...this.#nodes, node], name)
  }

  /** How many rows the group has. */
  count(name: string, options: AggregateOptions = {}): Table<number> {
    const counting: TableAggregation<V, number> = {
      initial: () => 0,
      add: (count) => count + 1,
      subtract: (count) => count - 1,
    }
    return this.aggregate(name, counting, options)
  }

  /** The first value, then what `add` makes of it and each later one; `subtract` takes a value back. */
  reduce(
    name: string,
    add: (soFar: V, value: V) => V,
    subtract: (soFar: V, value: V) => V | null,
    options: AggregateOptions = {},
  ): Table<V> {
    refuseAsync({ kind: 'table-aggregate', name }, [add, subtract])
    const reduction: TableAggregation<V, V | null, V> = {
      initial: () => null,
      add: (soFar, { value }) => (soFar === null ? value : add(soFar, value)),
      subtract: (soFar, { value }) => (soFar === null ? null : subtract(soFar, value)),
      result: (state) => state as V,
    }
    return this.aggregate(name, reduction, options)
  }
}

const irreversible = (name: string): Error =>
  new Error(
    `step "${name}" cannot take back what an update of the table replaces: give it subtract, or use one of ${reversibleNames.join(', ')}`,
  )
