import type { RecordFormat } from '../config.ts'
import type { TopologyNode } from '../topology/nodes.ts'
import type { StreamRecord } from '../topology/record.ts'
import { GroupedStream } from './grouped-stream.ts'
import type { JobNode, Output } from './job.ts'

/** A record whose value is of type `V`; reading a value that is not is the job's own risk. */
export type TypedRecord<V> = Omit<StreamRecord, 'value' | 'key'> & {
  readonly key: string | null
  readonly value: V
}

/** How an output topic is written. */
export interface OutputFormats {
  readonly format?: RecordFormat
  readonly keyFormat?: RecordFormat
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
    return this.#then({
      kind: 'filter',
      name,
      parent: this.#tail,
      label: '',
      predicate: predicate as never,
    })
  }

  /** New values; keys stay. */
  mapValues<W>(name: string, mapper: (record: TypedRecord<V>) => W): Stream<W> {
    return this.#then<W>({
      kind: 'map-values',
      name,
      parent: this.#tail,
      label: '',
      mapper: mapper as never,
    })
  }

  /** New keys; values stay. Grouping by them later moves records through a repartition topic. */
  selectKey(name: string, selector: (record: TypedRecord<V>) => unknown): Stream<V> {
    return this.#then({
      kind: 'select-key',
      name,
      parent: this.#tail,
      label: '',
      selector: selector as never,
    })
  }

  /** Groups by a new key, through the topic `<applicationId>-<name>-repartition`. */
  groupBy(name: string, selector: (record: TypedRecord<V>) => unknown): GroupedStream<V> {
    const keyed = this.selectKey(`${name}.key`, selector)
    return new GroupedStream(keyed.#repartitioned(name), `${name}.repartition`)
  }

  /** Groups by the key that the records have; they move only if it was changed since they were last placed by it. */
  groupByKey(name: string): GroupedStream<V> {
    if (!this.#keyChanged()) return new GroupedStream(this.#nodes, this.#tail)
    return new GroupedStream(this.#repartitioned(name), `${name}.repartition`)
  }

  /** Writes to a topic, which must exist; keys as text and values as JSON unless told otherwise. */
  to(topic: string, formats: RecordFormat | OutputFormats = {}): Output {
    const { format = 'Json', keyFormat = 'String' } =
      typeof formats === 'string' ? { format: formats } : formats
    const sink = {
      kind: 'sink',
      name: `${this.#tail} → ${topic}`,
      parent: this.#tail,
      label: '',
      topic,
      format,
      keyFormat,
    } as const
    return { nodes: [...this.#nodes, sink] }
  }

  #then<W = V>(node: TopologyNode): Stream<W> {
    return new Stream<W>([...this.#nodes, Object.freeze(node)], node.name)
  }

  #repartitioned(stem: string): readonly JobNode[] {
    const name = `${stem}.repartition`
    return [
      ...this.#nodes,
      Object.freeze({ kind: 'repartition', name, parent: this.#tail, label: '', stem } as const),
    ]
  }

  #keyChanged(): boolean {
    const last = this.#nodes.findLastIndex(({ kind }) => kind === 'select-key')
    const placed = this.#nodes.findLastIndex(
      ({ kind }) => kind === 'repartition' || kind === 'input',
    )
    return last > placed
  }
}
