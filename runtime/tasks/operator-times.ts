import { FlowRecord } from '../processors/flow-record.ts'
import { StoredOrigin } from '../processors/record-origin.ts'
import { StreamTime } from '../processors/stream-time.ts'
import { serdes } from '../serde/serde.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import { lineageOf } from '../topology/topology.ts'

type Listener = (tick: FlowRecord) => void

/** The stream times of a task's operators, and who wants to know when time passes without records. */
export class OperatorTimes {
  readonly #subTopology: SubTopology
  readonly #partition: number
  readonly #times = new Map<string, StreamTime>()
  readonly #listeners: { readonly node: string; readonly listener: Listener }[] = []

  constructor(subTopology: SubTopology, partition: number) {
    this.#subTopology = subTopology
    this.#partition = partition
  }

  accept(): void {
    for (const time of this.#times.values()) time.accept()
  }

  rollback(): void {
    for (const time of this.#times.values()) time.rollback()
  }

  streamTime(operator: string): StreamTime {
    const time = this.#times.get(operator) ?? new StreamTime()
    this.#times.set(operator, time)
    return time
  }

  whenIdle(node: string, listener: Listener): void {
    this.#listeners.push({ node, listener })
  }

  /** Each listener with the record to call it with: it bears the time, and reads keys as the records of its node do. */
  *ticks(timestamp: number): Iterable<{ readonly tick: FlowRecord; readonly listener: Listener }> {
    const from = { topic: '', partition: this.#partition }
    for (const { node, listener } of this.#listeners) {
      const context = { from, offset: -1, timestamp, headers: [] }
      const origin = new StoredOrigin(context, null, this.#serdesAt(node))
      yield { tick: new FlowRecord(origin, 0), listener }
    }
  }

  #serdesAt(node: string) {
    const { nodes, sources } = this.#subTopology
    const above = lineageOf(nodes, node, ({ kind }) => kind === 'repartition')
    const source = sources.find((candidate) => above.has(candidate.node))
    const { format = 'Json', keyFormat = 'String' } = source ?? {}
    return { serde: serdes[format], keySerde: serdes[keyFormat] }
  }
}
