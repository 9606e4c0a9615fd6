import type { Serde } from '../serde/serde.ts'
import type { FlowRecord } from './flow-record.ts'
import { keptContext, type KeptUpdate, recordOf } from './kept-update.ts'

interface HeldUpdate extends KeptUpdate {
  readonly keySerde: Serde
  /** How many updates came before this one. */
  readonly place: number
}

/** The updates of one aggregate that wait for the commit: of each key the last. */
export interface Held {
  /** How many wait. */
  readonly count: number
  /** Returns what undoes it, as long as no other update was undone or taken since. */
  hold(record: FlowRecord): () => void
  /** Takes them out, in the order in which their keys last changed. */
  take(): readonly FlowRecord[]
}

/**
 * As in Kafka Streams' record cache an update takes the place of the one that waits for the same key and window; what it
 * replaces is what was there before the first.
 */
export class HeldUpdates implements Held {
  readonly #held = new Map<string, HeldUpdate>()
  #updates = 0

  get count(): number {
    return this.#held.size
  }

  hold(record: FlowRecord): () => void {
    const key = record.keyBytes() ?? Buffer.alloc(0)
    const { window, value, oldValue, keySerde } = record
    const id = idOf(key, window)
    const before = this.#held.get(id)
    this.#held.set(id, {
      // A copy: the key is a view of a fetched batch, which must not stay in memory for one key's sake.
      key: before?.key ?? Buffer.from(key),
      window,
      value,
      priorValue: before === undefined ? oldValue : before.priorValue,
      context: keptContext(record),
      keySerde,
      place: this.#updates++,
    })
    return () => {
      if (before === undefined) this.#held.delete(id)
      else this.#held.set(id, before)
    }
  }

  /** Of a key that came and went meanwhile nobody hears. */
  take(): readonly FlowRecord[] {
    const held = [...this.#held.values()].sort((a, b) => a.place - b.place)
    this.#held.clear()
    return held
      .filter(({ value, priorValue }) => value !== null || priorValue !== null)
      .map((update) => recordOf(update, update.keySerde))
  }
}

const idOf = (key: Buffer, window: KeptUpdate['window']): string => {
  const id = key.toString('latin1')
  return window === null ? id : `${window.start} ${window.end} ${id}`
}
