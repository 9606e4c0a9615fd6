import { lateName, lateNode, type WindowAggregate } from '../topology/window-nodes.ts'
import { windowsOf } from '../topology/windows.ts'
import type { Aggregation } from './grouped-stream.ts'
import type { JobNode } from './job.ts'
import { refuseAsync } from './refuse-async.ts'
import { Stream } from './stream.ts'
import { Table } from './table.ts'
import type { Windows } from './windows.ts'
import { written } from './written.ts'

/** One value a key and window. */
export type WindowedTable<R, V> = Table<R> & {
  /**
   * The records that came too late, as they came: one for each window that took them no more, which `window` names.
   *
   * @example
   * counts.late().to('late-payments')
   */
  late(): Stream<V>
}

/** Records by key and window, waiting to be aggregated. */
export class WindowedStream<V> {
  readonly #nodes: readonly JobNode[]
  readonly #tail: string
  readonly #windows: Windows

  /** Use `grouped.windowedBy(windows)`. */
  constructor(nodes: readonly JobNode[], tail: string, windows: Windows) {
    this.#nodes = nodes
    this.#tail = tail
    this.#windows = windows
  }

  /**
   * One value a key and window, in store `name`. For sessions it says how to `merge` two states, too.
   *
   * @example
   * visits.windowedBy(session('30m')).aggregate('pages', {
   *   initial: () => [],
   *   add: (pages, { value }) => [...pages, value.page],
   *   merge: (earlier, later) => [...earlier, ...later],
   * })
   */
  aggregate<S, R = S>(name: string, aggregation: Aggregation<V, S, R>): WindowedTable<R, V> {
    const { initial, add, merge, result = (state: S) => state } = aggregation
    refuseAsync({ kind: 'aggregate', name }, [initial, add, merge, result])
    const { text, ...windows } = windowsOf(this.#windows)
    if (windows.kind === 'session-aggregate' && merge === undefined)
      throw new Error(`step "${name}": sessions grow together, so the aggregation needs merge`)
    const node = {
      ...{ name, parent: this.#tail, label: text, late: lateName(name), ...windows },
      ...{ initializer: initial, aggregator: add, result },
      ...(windows.kind === 'session-aggregate' && { merger: mergerOf(merge), retracts: true }),
    } as unknown as WindowAggregate
    const nodes = [...this.#nodes, written(node), written(lateNode(node))]
    return Object.assign(new Table<R>(nodes, name), {
      late: () => new Stream<V>(nodes, lateName(name)),
    })
  }

  /** How many records the key has had in the window. */
  count(name: string): WindowedTable<number, V> {
    return this.aggregate(name, {
      initial: () => 0,
      add: (count: number) => count + 1,
      merge: (earlier, later) => earlier + later,
    })
  }

  /** The first value of the window, then what `combine` makes of it and each later one. */
  reduce(name: string, combine: (soFar: V, value: V) => V): WindowedTable<V, V> {
    refuseAsync({ kind: 'aggregate', name }, [combine])
    const both = (soFar: V | null, value: V | null) =>
      soFar === null || value === null ? (soFar ?? value) : combine(soFar, value)
    return this.aggregate<V | null, V>(name, {
      initial: () => null,
      add: (soFar, { value }) => (soFar === null ? value : combine(soFar, value)),
      merge: both,
      result: (state) => state as V,
    })
  }
}

const mergerOf =
  <S>(merge: Aggregation<never, S>['merge']) =>
  (earlier: S, later: S) =>
    merge?.(earlier, later)
