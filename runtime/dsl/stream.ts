import type { RecordFormat } from '../config.ts'
import type { GlobalJoinNode } from '../topology/global-nodes.ts'
import { projectionText, repartitionText } from '../topology/node-labels.ts'
import type { Projection, RepartitionNode, TopologyNode } from '../topology/nodes.ts'
import { durationMs } from '../topology/duration.ts'
import type { JoinType } from '../topology/join-nodes.ts'
import type { JoinWithin } from '../topology/join-window.ts'
import type { KeyValue, StreamRecord } from '../topology/record.ts'
import { keyChanged } from '../topology/repartitioning.ts'
import { asyncNode, type AsyncOptions } from './async-options.ts'
import type { GlobalTable } from './global-table.ts'
import { GroupedStream } from './grouped-stream.ts'
import type { JobNode, Output } from './job.ts'
import { historyOf, type Joiner, joinedStreams, joinedTable, type TableHistory } from './joins.ts'
import {
  type Forward,
  type ForwardTo,
  type Outputs,
  type OutputsOf,
  processNodes,
  type ProcessOptions,
  type StoresOf,
  type UntypedOptions,
  type Values,
} from './process.ts'
import { formatsOf, type OutputFormats } from './output-formats.ts'
import type { Renamed } from './renamed.ts'
import { refuseAsync } from './refuse-async.ts'
import { Split } from './split.ts'
import { Table } from './table.ts'
import { written } from './written.ts'

/** A record whose value is of type `V`; reading a value that is not is the job's own risk. */
export type TypedRecord<V> = Omit<StreamRecord, 'value' | 'key'> & {
  readonly key: string | null
  readonly value: V
}

/**
 * Records of an input, as the manifest names it.
 *
 * @example
 * const payments = stream<{ card: string; amount: number }>('payments')
 */
export const stream = <V = unknown>(input: string): Stream<V> =>
  new Stream([{ kind: 'input', name: input }], input)

/** A stream of records. Immutable: each operation gives a new one. Every step has a name, which its state bears. */
export class Stream<V> {
  readonly #nodes: readonly JobNode[]
  readonly #tail: string

  /** Use `stream(input)`. */
  constructor(nodes: readonly JobNode[], tail: string) {
    this.#nodes = nodes
    this.#tail = tail
  }

  /** Keeps the records for which `predicate` is true. */
  filter(name: string, predicate: (record: TypedRecord<V>) => boolean): Stream<V> {
    return this.#then({ kind: 'filter', name, predicate: predicate as never })
  }

  /** Drops the records for which `predicate` is true. */
  filterNot(name: string, predicate: (record: TypedRecord<V>) => boolean): Stream<V> {
    return this.#then({ kind: 'filter-not', name, predicate: predicate as never })
  }

  /**
   * New keys and values. Grouping by the keys later moves records through a repartition topic: where only the value
   * changes, `mapValues` is cheaper.
   *
   * @example
   * payments.map('by-card', ({ value }) => ({ key: value.card, value: value.amount }))
   */
  map<W>(name: string, mapper: (record: TypedRecord<V>) => KeyValue<W>): Stream<W> {
    return this.#then({ kind: 'map', name, mapper: mapper as never })
  }

  /** New values; keys stay. */
  mapValues<W>(name: string, mapper: (record: TypedRecord<V>) => W): Stream<W> {
    return this.#then({ kind: 'map-values', name, mapper: mapper as never })
  }

  /**
   * `map` with a function that answers later, such as one that asks a service: see `mapValuesAsync`.
   *
   * @example
   * payments.mapAsync('owner', async ({ value }) => ({ key: await ownerOf(value.card), value }))
   */
  mapAsync<W>(
    name: string,
    mapper: (record: TypedRecord<V>, signal: AbortSignal) => Promise<KeyValue<W>>,
    options: AsyncOptions = {},
  ): Stream<W> {
    return this.#append(asyncNode('map-async', name, mapper, options))
  }

  /**
   * `mapValues` with a function that answers later. Several calls run at a time, those of one key one after the other;
   * records go on in the order in which they came. A call that rejects or takes too long makes the record a bad one;
   * `signal` aborts then, and when the thread gives up the record.
   *
   * @example
   * payments.mapValuesAsync('rated', ({ value }, signal) => rate(value, { signal }), { concurrency: 50 })
   */
  mapValuesAsync<W>(
    name: string,
    mapper: (record: TypedRecord<V>, signal: AbortSignal) => Promise<W>,
    options: AsyncOptions = {},
  ): Stream<W> {
    return this.#append(asyncNode('map-values-async', name, mapper, options))
  }

  /**
   * Any number of records for one, in the order of the list, each with a key and a value of its own.
   *
   * @example
   * orders.flatMap('lines', ({ value }) => value.lines.map((line) => ({ key: line.sku, value: line })))
   */
  flatMap<W>(name: string, mapper: (record: TypedRecord<V>) => Iterable<KeyValue<W>>): Stream<W> {
    return this.#then({ kind: 'flat-map', name, mapper: mapper as never })
  }

  /**
   * Any number of values for one, in the order of the list; keys stay.
   *
   * @example
   * orders.flatMapValues('lines', ({ value }) => value.lines)
   */
  flatMapValues<W>(name: string, mapper: (record: TypedRecord<V>) => Iterable<W>): Stream<W> {
    return this.#then({ kind: 'flat-map-values', name, mapper: mapper as never })
  }

  /**
   * Changes which fields the values have, not what they are: `keep` these, `drop` these, or `rename` these. Fields keep
   * their order; null stays null.
   *
   * @example
   * payments.project('slim', { keep: ['card', 'amount'] })
   */
  project<K extends keyof V & string>(
    name: string,
    projection: { readonly keep: readonly K[] },
  ): Stream<Pick<V, K>>
  project<K extends keyof V & string>(
    name: string,
    projection: { readonly drop: readonly K[] },
  ): Stream<Omit<V, K>>
  project<const R extends Readonly<Partial<Record<keyof V & string, string>>>>(
    name: string,
    projection: { readonly rename: R },
  ): Stream<Renamed<V, R>>
  project(name: string, projection: Projection): Stream<unknown> {
    return this.#then({ kind: 'project', name, label: projectionText(projection), projection })
  }

  /** New keys; values stay. Grouping by them later moves records through a repartition topic. */
  selectKey(name: string, selector: (record: TypedRecord<V>) => unknown): Stream<V> {
    return this.#then({ kind: 'select-key', name, selector: selector as never })
  }

  /**
   * A look at each record, which goes on as it is. Seen again after a crash, as all that was not committed.
   *
   * @example
   * payments.peek('seen', ({ offset }) => console.log(offset))
   */
  peek(name: string, action: (record: TypedRecord<V>) => void): Stream<V> {
    return this.#then({ kind: 'peek', name, action: action as never })
  }

  /**
   * What the other operations cannot say: a processor of your own, with stores, that forwards what it likes and is called by
   * time as well as by records. Its values are those of the stream unless `output` gives their type; with `outputs` there is
   * a stream for each.
   *
   * @example
   * readings.process('changes', {
   *   stores: { last: keyValueStore<number>() },
   *   create: ({ stores: { last }, forward }) => ({
   *     process(record) {
   *       const { key, value } = record
   *       if (key === null || last.get(key) === value) return
   *       last.put(key, value)
   *       forward(record)
   *     },
   *   }),
   * })
   */
  process<O extends OutputsOf, S extends StoresOf = Record<never, never>>(
    name: string,
    options: ProcessOptions<V, S, ForwardTo<O>> & { readonly outputs: O },
  ): Outputs<O>
  process<W = V, S extends StoresOf = Record<never, never>>(
    name: string,
    options: ProcessOptions<V, S, Forward<W>> & { readonly output?: Values<W> },
  ): Stream<W>
  process(name: string, options: UntypedOptions): unknown {
    const { node, outputs } = processNodes(name, this.#tail, options)
    const nodes = [...this.#nodes, node]
    if (outputs.size === 0) return new Stream(nodes, name)
    const streams = [...outputs].map(
      ([output, branch]) => [output, new Stream([...nodes, branch], branch.name)] as const,
    )
    return Object.fromEntries(streams)
  }

  /**
   * Splits into branches: each record goes to the first that takes it.
   *
   * @example
   * const { large, rest } = payments
   *   .split('route')
   *   .branch('large', ({ value }) => value.amount > 500)
   *   .otherwise('rest')
   */
  split(name: string): Split<V> {
    return new Split(this.#nodes, this.#tail, name)
  }

  /**
   * The records of this stream and of another, each as it comes: nothing is promised of the order between the two.
   *
   * @example
   * const orders = web.merge('orders', app)
   */
  merge<W>(name: string, other: Stream<W>): Stream<V | W> {
    const node = { kind: 'merge', name, parents: [this.#tail, other.#tail], label: '' } as const
    const nodes = new Set<JobNode>([...this.#nodes, ...other.#nodes, written(node)])
    return new Stream<V | W>([...nodes], name)
  }

  /**
   * Lets each record meet those of another stream that have its key and a time near its own, or what a table has for its
   * key at that moment. What meets nothing is dropped. Both inputs need as many partitions; records whose key was changed
   * go through a repartition topic.
   *
   * @example
   * orders.join('shipped', shipments, (order, shipment) => ({ ...order, shipment }), { within: '10m' })
   * payments.join('with-owner', cards, (payment, card) => ({ ...payment, owner: card.owner }))
   */
  join<W, R>(name: string, other: Stream<W>, joiner: Joiner<V, W, R>, within: JoinWithin): Stream<R>
  join<W, R>(
    name: string,
    table: Table<W>,
    joiner: Joiner<V, W, R>,
    options?: Pick<JoinWithin, 'grace'>,
  ): Stream<R>
  join(name: string, other: Joinable, joiner: unknown, within?: JoinWithin): Stream<unknown> {
    return this.#joined('Inner', { name, other, joiner, within })
  }

  /** `join` that keeps records of this stream that meet nothing: with another stream, once their time is over. */
  leftJoin<W, R>(
    name: string,
    other: Stream<W>,
    joiner: Joiner<V, W | null, R>,
    within: JoinWithin,
  ): Stream<R>
  leftJoin<W, R>(
    name: string,
    table: Table<W>,
    joiner: Joiner<V, W | null, R>,
    options?: Pick<JoinWithin, 'grace'>,
  ): Stream<R>
  leftJoin(name: string, other: Joinable, joiner: unknown, within?: JoinWithin): Stream<unknown> {
    return this.#joined('Left', { name, other, joiner, within })
  }

  /** `join` that keeps records of both streams that meet nothing, once their time is over. */
  outerJoin<W, R>(
    name: string,
    other: Stream<W>,
    joiner: Joiner<V | null, W | null, R>,
    within: JoinWithin,
  ): Stream<R> {
    return this.#joined('Outer', { name, other, joiner, within }) as Stream<R>
  }

  /**
   * Lets the first of equal records of a key through: of those within a time of each other, by their event time. `by`
   * tells what makes them equal; unset, the key alone. Records older than the latest by more than that time are dropped.
   *
   * @example
   * payments.deduplicate('once', { by: ({ value }) => value.id, within: '10m' })
   */
  deduplicate(
    name: string,
    { by, within }: { readonly by?: (record: TypedRecord<V>) => unknown; readonly within: string },
  ): Stream<V> {
    const placed = this.#placedByKey(name)
    const withinMs = durationMs(within)
    const equal = by === undefined ? {} : { by: by as never }
    return placed.#then({
      kind: 'deduplicate',
      name,
      label: `within ${within}`,
      withinMs,
      ...equal,
    })
  }

  /**
   * Lets each record through that is at least the `atLeast`-th of its key within a time up to it, as what `mapper` makes of
   * it and of how many there are. Records older than the latest by more than that time are dropped.
   *
   * @example
   * payments.burst('hasty', { atLeast: 3, within: '1m' }, (payment, count) => ({ ...payment, count }))
   */
  burst<W>(
    name: string,
    { atLeast, within }: { readonly atLeast: number; readonly within: string },
    mapper: (value: V, count: number) => W,
  ): Stream<W> {
    if (!Number.isInteger(atLeast) || atLeast < 2)
      throw new Error(`step "${name}": atLeast is a whole number from 2 on, not ${atLeast}`)
    const label = `at least ${atLeast} within ${within}`
    const withinMs = durationMs(within)
    const burst = {
      kind: 'burst',
      name,
      label,
      atLeast,
      withinMs,
      mapper: mapper as never,
    } as const
    return this.#placedByKey(name).#then(burst)
  }

  /**
   * Sends the records through the topic `<applicationId>-<name>-repartition`, so that equal keys meet and as many tasks as
   * it has partitions share the work behind it. Without `partitions` it has as many as there are tasks that write it. A
   * record without key is dropped.
   *
   * @example
   * payments.selectKey('card', ({ value }) => value.card).repartition('spread', { partitions: 12 })
   */
  repartition(name: string, options: { readonly partitions?: number } = {}): Stream<V> {
    return this.#repartitioned(name, options)
  }

  /** Groups by a new key, through the topic `<applicationId>-<name>-repartition`. */
  groupBy(name: string, selector: (record: TypedRecord<V>) => unknown): GroupedStream<V> {
    return this.selectKey(`${name}.key`, selector).#repartitioned(name).#grouped()
  }

  /** Groups by the key that the records have; they move only if it was changed since they were last placed by it. */
  groupByKey(name: string): GroupedStream<V> {
    return this.#placedByKey(name).#grouped()
  }

  /**
   * Keeps the latest value of each key, in store `name`: a table. Records move to their key first if it was changed since they
   * were last placed by it; one without key is dropped, one without value removes its row.
   */
  toTable(name: string, history: TableHistory = {}): Table<V> {
    const kept = this.#placedByKey(name).#then<V>({ kind: 'to-table', name, ...historyOf(history) })
    return new Table<V>(kept.#nodes, name)
  }

  /**
   * What becomes of each record and the row that a global table has, at that moment, for the key that `selector` gives;
   * records without such a row are left out.
   *
   * @example
   * payments.joinGlobal('in-euros', rates, ({ value }) => value.currency, (payment, rate) => payment.amount * rate.euros)
   */
  joinGlobal<W, R>(
    name: string,
    table: GlobalTable<W>,
    selector: (record: TypedRecord<V>) => unknown,
    joiner: (value: V, row: W) => R,
  ): Stream<R> {
    return this.#joinGlobal(table, { name, type: 'Inner', selector, joiner })
  }

  /** `joinGlobal` that keeps records without a row, whose `row` is null. */
  leftJoinGlobal<W, R>(
    name: string,
    table: GlobalTable<W>,
    selector: (record: TypedRecord<V>) => unknown,
    joiner: (value: V, row: W | null) => R,
  ): Stream<R> {
    return this.#joinGlobal(table, { name, type: 'Left', selector, joiner })
  }

  /** Writes to a topic, which must exist; keys as text and values as JSON unless told otherwise. */
  to(topic: string, formats: RecordFormat | OutputFormats = {}): Output {
    const name = `${this.#tail} → ${topic}`
    return {
      nodes: this.#then({
        kind: 'sink',
        name,
        topic,
        ...formatsOf(formats, this.#nodes, this.#tail),
      }).#nodes,
    }
  }

  /**
   * Writes each record to the topic that `choose` names, one of `topics`, which must all exist; another answer makes the
   * record a bad one. Formats as in `to`.
   *
   * @example
   * payments.toOneOf(['payments-de', 'payments-fr'], ({ value }) => `payments-${value.country}`)
   */
  toOneOf(
    topics: readonly string[],
    choose: (record: TypedRecord<V>) => string,
    formats: RecordFormat | OutputFormats = {},
  ): Output {
    const name = `${this.#tail} → ${topics.join(' | ')}`
    const sink = { kind: 'dynamic-sink', name, topics, topicOf: choose as never } as const
    return { nodes: this.#then({ ...sink, ...formatsOf(formats, this.#nodes, this.#tail) }).#nodes }
  }

  #then<W>(step: Unplaced<TopologyNode>): Stream<W> {
    refuseAsync(step, Object.values(step))
    return this.#append(step)
  }

  #joinGlobal<R>({ node }: GlobalTable<unknown>, join: GlobalJoin): Stream<R> {
    const { name, type, selector, joiner } = join
    return new Stream<V>([...this.#nodes, node], this.#tail).#then({
      kind: 'global-join',
      name,
      type,
      table: node.name,
      selector: selector as never,
      joiner: joiner as never,
    })
  }

  #append<W>(step: Unplaced<TopologyNode>): Stream<W> {
    const node = written({ label: '', ...step, parent: this.#tail }) as TopologyNode
    return new Stream<W>([...this.#nodes, node], node.name)
  }

  #repartitioned(stem: string, options: Pick<RepartitionNode, 'partitions'> = {}): Stream<V> {
    const name = `${stem}.repartition`
    return this.#then({
      kind: 'repartition',
      name,
      label: repartitionText(options),
      stem,
      ...options,
    })
  }

  #placedByKey(stem: string): Stream<V> {
    return keyChanged(this.#nodes, this.#tail) ? this.#repartitioned(stem) : this
  }

  #joined(type: JoinType, { name, other, joiner, within }: Joining): Stream<unknown> {
    refuseAsync({ kind: 'stream-join', name }, [joiner])
    const isTable = other instanceof Table
    const { ends, nodes } = this.#besides(isTable ? other.toStream() : other)
    const join = { type, name, nodes, joiner: joiner as never, ...ends }
    const added = isTable ? joinedTable(join, within) : joinedStreams(join, within)
    return new Stream([...nodes, ...added], name)
  }

  #besides(other: Stream<unknown>) {
    const nodes = [...new Set([...this.#nodes, ...other.#nodes])]
    return { nodes, ends: { left: this.#tail, right: other.#tail } }
  }

  #grouped(): GroupedStream<V> {
    return new GroupedStream(this.#nodes, this.#tail)
  }
}

type GlobalJoin = Pick<GlobalJoinNode, 'name' | 'type'> & {
  readonly selector: unknown
  readonly joiner: unknown
}
type Joinable = Stream<unknown> | Table<unknown>

interface Joining {
  readonly name: string
  readonly other: Joinable
  readonly joiner: unknown
  readonly within: JoinWithin | undefined
}

/** A node before the stream has said where it stands. */
type Unplaced<N> = N extends { readonly parent: string }
  ? Omit<N, 'parent' | 'label'> & { readonly label?: string }
  : never
