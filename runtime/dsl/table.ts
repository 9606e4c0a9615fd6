import type { RecordFormat } from '../config.ts'
import { foreignKeyJoinNodes } from '../topology/foreign-key-nodes.ts'
import type { TopologyNode } from '../topology/nodes.ts'
import { tableTableJoinNodes, type TableJoinType } from '../topology/table-joins.ts'
import type { TableFilterNode, TableMapValuesNode } from '../topology/table-nodes.ts'
import { GroupedTable } from './grouped-table.ts'
import type { JobNode, Output } from './job.ts'
import { historyOf, type TableHistory } from './joins.ts'
import { refuseAsync } from './refuse-async.ts'
import { type Suppression, suppressNode } from './suppression.ts'
import type { OutputFormats } from './output-formats.ts'
import { Stream, type TypedRecord } from './stream.ts'
import { written } from './written.ts'

/**
 * A topic as a table: the latest value of each key is its row, a tombstone removes it. The rows are kept in a store named
 * like the input.
 *
 * @example
 * const cards = table<{ owner: string; limit: number }>('cards')
 */
export const table = <V = unknown>(input: string, history: TableHistory = {}): Table<V> =>
  new Table([{ kind: 'input', name: input, as: 'Table', ...historyOf(history) }], input)

/** One value a key, as it is now: its row. Immutable: each operation gives a new one, with a name of its own. */
export class Table<V> {
  readonly #nodes: readonly JobNode[]
  readonly #tail: string

  /** Use `table(input)`, `stream.toTable(name)` or an aggregate of a grouped stream. */
  constructor(nodes: readonly JobNode[], tail: string) {
    this.#nodes = nodes
    this.#tail = tail
  }

  /** The rows for which `predicate` is true. One that stops being so is removed. */
  filter(name: string, predicate: (row: TypedRecord<V>) => boolean): Table<V> {
    return this.#then({ kind: 'table-filter', name, predicate: predicate as never, keeps: true })
  }

  /** The rows for which `predicate` is not true. */
  filterNot(name: string, predicate: (row: TypedRecord<V>) => boolean): Table<V> {
    return this.#then({ kind: 'table-filter', name, predicate: predicate as never, keeps: false })
  }

  /** New values; keys stay. Called for the old value of a row, too, so it must give the same for the same. */
  mapValues<W>(name: string, mapper: (row: TypedRecord<V>) => W): Table<W> {
    return this.#then({ kind: 'table-map-values', name, mapper: mapper as never })
  }

  /**
   * The same rows, kept in store `name` with changelog `<applicationId>-<name>-changelog`: to be asked for by a processor or a
   * test, or to be worked out once where several tables are made of them. What `filter`, `mapValues` and joins give is worked
   * out of what they are made of whenever somebody asks.
   *
   * @example
   * cards.filter('open', ({ value }) => value.isOpen).materialize('open-cards')
   */
  materialize(name: string): Table<V> {
    const above = this.#nodes.find((node) => node.name === this.#tail)
    const removes = above?.kind === 'table-filter' ? ({ removesOwnOnly: true } as const) : {}
    const node = { kind: 'to-table', name, parent: this.#tail, label: '', ...removes } as const
    return new Table<V>(this.#with(node), name)
  }

  /**
   * Groups the rows by a new key, through the topic `<applicationId>-<name>-repartition`. A row whose key is null is in no
   * group. What an update replaces is taken back from its group.
   *
   * @example
   * accounts.groupBy('by-branch', ({ value }) => value.branch).count('accounts-of-branch')
   */
  groupBy(name: string, selector: (row: TypedRecord<V>) => unknown): GroupedTable<V> {
    refuseAsync({ kind: 'table-group', name }, [selector])
    const nodes = this.#with(
      {
        kind: 'table-group',
        name: `${name}.key`,
        parent: this.#tail,
        label: '',
        selector: selector as never,
      },
      {
        kind: 'repartition',
        name: `${name}.repartition`,
        parent: `${name}.key`,
        label: '',
        stem: name,
        carries: 'changes',
      },
    )
    return new GroupedTable<V>(nodes, `${name}.repartition`)
  }

  /** A row for each key that both tables have. */
  join<W, R>(name: string, other: Table<W>, joiner: (left: V, right: W) => R): Table<R> {
    return this.#join('Inner', name, other, joiner)
  }

  /** A row for each key that this table has; `right` is null where the other has none. */
  leftJoin<W, R>(name: string, other: Table<W>, joiner: (left: V, right: W | null) => R): Table<R> {
    return this.#join('Left', name, other, joiner)
  }

  /** A row for each key that either table has; the side that has none is null. */
  outerJoin<W, R>(
    name: string,
    other: Table<W>,
    joiner: (left: V | null, right: W | null) => R,
  ): Table<R> {
    return this.#join('Outer', name, other, joiner)
  }

  /**
   * A row for each row of this table whose foreign key the other table has. An update of either side renews all rows that it
   * is part of. Through two topics, `<applicationId>-<name>-subscription-registration-topic` and `…-subscription-response-topic`.
   *
   * @example
   * orders.joinOn('orders-with-customers', customers, ({ value }) => value.customer, (order, customer) => ({ ...order, customer }))
   */
  joinOn<W, R>(
    name: string,
    other: Table<W>,
    foreignKey: (row: TypedRecord<V>) => unknown,
    joiner: (left: V, right: W) => R,
  ): Table<R> {
    return this.#joinOn('Inner', { name, other, foreignKey, joiner })
  }

  /** `joinOn` with a row for each row of this table; `right` is null where the other has none. */
  leftJoinOn<W, R>(
    name: string,
    other: Table<W>,
    foreignKey: (row: TypedRecord<V>) => unknown,
    joiner: (left: V, right: W | null) => R,
  ): Table<R> {
    return this.#joinOn('Left', { name, other, foreignKey, joiner })
  }

  /**
   * Holds updates back, in store `name`: of those of a key that wait at a time only the last goes on.
   *
   * @example
   * visitors.windowedBy(tumbling('1h')).count('hourly').suppress('final', untilWindowCloses())
   */
  suppress(name: string, until: Suppression): Table<V> {
    const node = suppressNode(name, until, { nodes: this.#nodes, parent: this.#tail })
    return new Table<V>(this.#with(node), name)
  }

  /** Its updates, each with the new value of its key; null where the key is gone. */
  toStream(): Stream<V> {
    return new Stream<V>(this.#nodes, this.#tail)
  }

  /** Writes every update to a topic, as `toStream().to(topic)`: a key that is gone becomes a tombstone. */
  to(topic: string, formats: RecordFormat | OutputFormats = {}): Output {
    return this.toStream().to(topic, formats)
  }

  #then<W>(step: Unplaced): Table<W> {
    refuseAsync(step, Object.values(step))
    const node = { label: '', ...step, parent: this.#tail }
    return new Table<W>(this.#with(node), step.name)
  }

  #join<R>(type: TableJoinType, name: string, other: Table<unknown>, joiner: unknown): Table<R> {
    refuseAsync({ kind: 'table-table-join', name }, [joiner])
    const sides = { left: this.#tail, right: other.#tail }
    const join = { name, label: '', type, ...sides, joiner: joiner as never }
    return new Table<R>(this.#withBoth(other, tableTableJoinNodes(join)), name)
  }

  #joinOn<R>(
    type: 'Inner' | 'Left',
    join: {
      readonly name: string
      readonly other: Table<unknown>
      readonly foreignKey: unknown
      readonly joiner: unknown
    },
  ): Table<R> {
    const { name, other, foreignKey, joiner } = join
    refuseAsync({ kind: 'foreign-key-subscribe', name }, [foreignKey, joiner])
    const nodes = foreignKeyJoinNodes({
      name,
      label: '',
      left: this.#tail,
      right: other.#tail,
      foreignKey: foreignKey as never,
      type,
      joiner: joiner as never,
    })
    return new Table<R>(this.#withBoth(other, nodes), name)
  }

  #with(...nodes: readonly TopologyNode[]): readonly JobNode[] {
    return [...this.#nodes, ...nodes.map(written)]
  }

  /** What the two tables share is there once. */
  #withBoth(other: Table<unknown>, nodes: readonly TopologyNode[]): readonly JobNode[] {
    return [...new Set([...this.#nodes, ...other.#nodes, ...nodes.map(written)])]
  }
}

type Unplaced =
  Omit<TableFilterNode, 'parent' | 'label'> | Omit<TableMapValuesNode, 'parent' | 'label'>
