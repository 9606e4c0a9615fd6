import type { RecordFormat } from '../config.ts'
import type { JobNode, Output } from './job.ts'
import { type OutputFormats, Stream } from './stream.ts'

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

  /** Writes every update to a topic, as `toStream().to(topic)`: a key that is gone becomes a tombstone. */
  to(topic: string, formats: RecordFormat | OutputFormats = {}): Output {
    return this.toStream().to(topic, formats)
  }
}
