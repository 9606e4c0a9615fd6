import { asBadRecord } from '../processors/as-bad-record.ts'
import { FlowRecord } from '../processors/flow-record.ts'
import type { Processor } from '../processors/processor.ts'
import type { Punctuation } from '../processors/processor-host.ts'
import { StoredOrigin } from '../processors/record-origin.ts'
import { serdes } from '../serde/serde.ts'

/** A punctuator whose time has come, and the record that it has in hand. */
export interface Due extends Processor {
  readonly record: FlowRecord
}

interface Scheduled extends Punctuation {
  due: number
}

/** The punctuators of a task that go by one kind of time. */
export class Punctuations {
  readonly #scheduled = new Set<Scheduled>()

  /** Returns what ends it. */
  add(punctuation: Punctuation, firstDue: number): () => void {
    const scheduled = { ...punctuation, due: firstDue }
    this.#scheduled.add(scheduled)
    return () => void this.#scheduled.delete(scheduled)
  }

  /** When the next is due; Infinity if there is none. */
  get nextDue(): number {
    let next = Infinity
    for (const { due } of this.#scheduled) next = Math.min(next, due)
    return next
  }

  /** The one that has been due longest. As in Kafka Streams what it missed is left out: it is due next at a later multiple. */
  takeDue(now: number): Due | undefined {
    if (this.nextDue > now) return undefined
    const [first] = [...this.#scheduled].sort((a, b) => a.due - b.due)
    if (first === undefined) return undefined
    const { node, run, intervalMs } = first
    first.due += intervalMs * (Math.floor((now - first.due) / intervalMs) + 1)
    return {
      record: recordAt(now),
      process(record) {
        try {
          run(record)
        } catch (error) {
          throw asBadRecord(error, node)
        }
      },
    }
  }

  clear(): void {
    this.#scheduled.clear()
  }
}

const recordAt = (timestamp: number): FlowRecord =>
  new FlowRecord(
    new StoredOrigin({ from: NOWHERE, offset: -1, timestamp, headers: [] }, null, {
      keySerde: serdes.String,
      serde: serdes.Json,
    }),
    0,
  )

/** As Kafka Streams has it, but for the topic, which is null there. */
const NOWHERE = { topic: '', partition: -1 }
