import type { RecordFormat } from '../config.ts'
import type { JobNode, Output } from './job.ts'
import { type OutputFormats, Stream } from './stream.ts'
import { type Suppression, suppressNode } from './suppression.ts'

/** One value a key, as it is now. Immutable: each operation gives a new one. */
export class Table<V> {
  readonly #nodes: readonly JobNode[]
  readonly #tail: string

  /** Use an aggregate of a grouped stream. */
  constructor(nodes: readonly JobNode[], tail: string) {
    this.#nodes = nodes
    this.#tail = tail
  }

  /** Its updates, each with the new value of its key; null where the key is gone. */
  toStream(): Stream<V> {
    return new Stream<V>(this.#nodes, this.#tail)
  }

  /**
   * Holds updates back, in store `name`: of those of a key that wait at a time only the last goes on.
   *
   * @example
   * visitors.windowedBy(tumbling('1h')).count('hourly').suppress('final', untilWindowCloses())
   */
  suppress(name: string, until: Suppression): Table<V> {
    const node = suppressNode(name, until, { nodes: this.#nodes, parent: this.#tail })
    return new Table<V>([...this.#nodes, Object.freeze(node)], name)
  }

  /** Writes every update to a topic, as `toStream().to(topic)`: a key that is gone becomes a tombstone. */
  to(topic: string, formats: RecordFormat | OutputFormats = {}): Output {
    return this.toStream().to(topic, formats)
  }
}
