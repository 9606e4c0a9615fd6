import { count } from './aggregate-functions.ts'
import { type AggregateOptions, emission } from './emission.ts'
import type { JobNode } from './job.ts'
import { refuseAsync } from './refuse-async.ts'
import type { TypedRecord } from './stream.ts'
import { Table } from './table.ts'
import { WindowedStream } from './windowed-stream.ts'
import type { Windows } from './windows.ts'
import { written } from './written.ts'

/** How to keep one value a key. `S` is plain JSON: it is written to the changelog. */
export interface Aggregation<V, S, R = S> {
  readonly initial: () => S
  /** Returns the next state; must not change `state` itself. */
  readonly add: (state: S, record: TypedRecord<V>) => S
  /** One state for two, where sessions become one; `earlier` is that of the session that ended first. */
  readonly merge?: (earlier: S, later: S) => S
  /** What is emitted; the state itself unless given. */
  readonly result?: (state: S) => R
}

/** Records by key, waiting to be aggregated. */
export class GroupedStream<V> {
  readonly #nodes: readonly JobNode[]
  readonly #tail: string

  constructor(nodes: readonly JobNode[], tail: string) {
    this.#nodes = nodes
    this.#tail = tail
  }

  /**
   * One value a key and window, in place of one over all records of the key.
   *
   * @example
   * payments.groupByKey('by-card').windowedBy(tumbling('1m', { grace: '10s' })).count('payments-a-minute')
   */
  windowedBy(windows: Windows): WindowedStream<V> {
    return new WindowedStream(this.#nodes, this.#tail, windows)
  }

  /**
   * One value a key over all its records so far, in store `name`: a table.
   *
   * @example
   * grouped.aggregate('total', sum(({ value }) => value.amount))
   */
  aggregate<S, R = S>(
    name: string,
    { initial, add, result }: Aggregation<V, S, R>,
    options: AggregateOptions = {},
  ): Table<R> {
    refuseAsync({ kind: 'aggregate', name }, [initial, add, result])
    const node = written({
      kind: 'aggregate',
      name,
      parent: this.#tail,
      label: '',
      initializer: initial,
      aggregator: add as never,
      result: (result ?? ((state: S) => state)) as never,
      ...emission(name, options),
    } as const)
    return new Table<R>([...this.#nodes, node], name)
  }

  /** How many records the key has had. */
  count(name: string, options: AggregateOptions = {}): Table<number> {
    return this.aggregate(name, count(), options)
  }

  /** The first value, then what `combine` makes of it and each later one. */
  reduce(
    name: string,
    combine: (soFar: V, value: V) => V,
    options: AggregateOptions = {},
  ): Table<V> {
    refuseAsync({ kind: 'aggregate', name }, [combine])
    const reduction: Aggregation<V, V | null, V> = {
      initial: () => null,
      add: (soFar, { value }) => (soFar === null ? value : combine(soFar, value)),
      result: (state) => state as V,
    }
    return this.aggregate(name, reduction, options)
  }
}
